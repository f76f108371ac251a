// The specification, step by step, is ../../README.md.
package main

import "cryptlet.local/cryptlet"

const minSources = 2

// A price may lie one fiftieth of the median away from it.
const outlier = 50

type reading struct {
	id      string
	answer  *cryptlet.JSON
	price   cryptlet.Fixed
	fault   string // code; empty when there is a price
	outlier bool
}

func (r *reading) used() bool { return r.fault == "" && !r.outlier }

func (r *reading) String() string {
	extracted, fault := "null", "null"
	if r.fault == "" {
		extracted = `"` + r.price.String() + `"`
	} else {
		fault = cryptlet.Quote(r.fault)
	}
	lies := "false"
	if r.outlier {
		lies = "true"
	}
	return `{"id":"` + r.id + `","reference":` + r.answer.Field("reference").String() +
		`,"extracted":` + extracted + `,"observedAt":null,"outlier":` + lies + `,"error":` + fault + `}`
}

func refusal(code, arguments string) string {
	return `{"error":{"code":` + code + `,"arguments":` + arguments + `}}`
}

func refuseTrigger(trigger *cryptlet.JSON) string {
	if feed := trigger.Field("feed"); !feed.Says("xau-usd") {
		return refusal(`"FEED_NOT_DECLARED"`, `{"cryptlet":"gold-median","feed":`+feed.String()+`}`)
	}
	parameters := trigger.Field("parameters")
	if parameters.Is(cryptlet.Null) || parameters.Is(cryptlet.Object) && len(parameters.Keys) == 0 {
		return ""
	}
	return refusal(`"PARAMETERS_INVALID"`, `{"path":"(whole)","reason":"gold-median takes no parameters"}`)
}

func requests() string {
	out := ""
	for at, source := range sources {
		if at > 0 {
			out += ","
		}
		out += `{"id":"` + source.id + `","method":"GET","url":"` + source.url + `"}`
	}
	return `{"op":"http.all","requests":[` + out + `]}`
}

func prices(readings []*reading) []cryptlet.Fixed {
	out := []cryptlet.Fixed{}
	for _, r := range readings {
		if r.used() {
			out = append(out, r.price)
		}
	}
	return out
}

func tooFew(readings []*reading, used int) string {
	failures := ""
	for _, r := range readings {
		if r.used() {
			continue
		}
		if failures != "" {
			failures += ", "
		}
		if r.outlier {
			failures += r.id + ": outlier"
		} else {
			failures += r.id + ": " + r.fault
		}
	}
	return refusal(`"TOO_FEW_SOURCES"`, `{"used":"`+cryptlet.Integer(int64(used))+`","minSources":"`+
		cryptlet.Integer(minSources)+`","failures":`+cryptlet.Quote(failures)+`}`)
}

func observation(readings []*reading, used []cryptlet.Fixed) string {
	lowest, highest := used[0], used[0]
	for _, price := range used {
		if price < lowest {
			lowest = price
		}
		if price > highest {
			highest = price
		}
	}
	listed := ""
	var observedAt int64 = -1
	for at, r := range readings {
		if at > 0 {
			listed += ","
		}
		listed += r.String()
		if receivedAt := r.answer.Field("receivedAt").Integer(); r.used() && (observedAt < 0 || receivedAt < observedAt) {
			observedAt = receivedAt
		}
	}
	return `{"ok":{"observation":{"feed":"xau-usd","value":{"kind":"decimal","text":"` + cryptlet.Median(used).String() +
		`","decimals":8,"unit":"USD per troy ounce"},"observedAt":` + cryptlet.Integer(observedAt) +
		`,"market":{"status":"unknown","session":null,"nextOpen":null},"sources":[` + listed +
		`],"aggregation":{"method":"median;outlier=2%","minSources":` + cryptlet.Integer(minSources) +
		`,"used":` + cryptlet.Integer(int64(len(used))) + `,"spread":"` + (highest - lowest).String() + `"}}}}`
}

func run(trigger *cryptlet.JSON) string {
	if refused := refuseTrigger(trigger); refused != "" {
		return refused
	}
	answer := cryptlet.Call(requests())
	if refused := answer.Field("error"); refused != nil {
		return refusal(refused.Field("code").String(), refused.Field("arguments").String())
	}
	readings := []*reading{}
	for at, source := range sources {
		readings = append(readings, read(source, answer.Field("ok").Item(at)))
	}
	for _, r := range readings {
		if r.fault != "" {
			cryptlet.Call(`{"op":"log","level":"warn","message":` + cryptlet.Quote(r.id+": "+r.fault) + `}`)
		}
	}
	middle := cryptlet.Median(prices(readings))
	for _, r := range readings {
		distance := r.price - middle
		if distance < 0 {
			distance = -distance
		}
		r.outlier = r.fault == "" && distance*outlier > middle
	}
	used := prices(readings)
	if len(used) < minSources {
		return tooFew(readings, len(used))
	}
	return observation(readings, used)
}

func main() { cryptlet.Serve(run) }
