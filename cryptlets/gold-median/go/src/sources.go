package main

import "cryptlet.local/cryptlet"

type source struct {
	id, url string
	// Values that hold bid and ask, nil where the shape is another; true when the provider reports an error.
	quote func(root *cryptlet.JSON) (bid, ask *cryptlet.JSON, reported bool)
	kind  cryptlet.Kind
}

var sources = []source{
	{"gold-api", "https://api.gold-api.com/price/XAU", goldAPI, cryptlet.Number},
	{"kraken", "https://api.kraken.com/0/public/Ticker?pair=PAXGUSD", kraken, cryptlet.Text},
	{"bitfinex", "https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD", bitfinex, cryptlet.Number},
}

func goldAPI(root *cryptlet.JSON) (bid, ask *cryptlet.JSON, reported bool) {
	if !root.Field("symbol").Says("XAU") {
		return nil, nil, false
	}
	price := root.Field("price")
	return price, price, false
}

func kraken(root *cryptlet.JSON) (bid, ask *cryptlet.JSON, reported bool) {
	errors := root.Field("error")
	if !errors.Is(cryptlet.List) {
		return nil, nil, false
	}
	ticker := root.Field("result").Field("PAXGUSD")
	return ticker.Field("b").Item(0), ticker.Field("a").Item(0), len(errors.Items) > 0
}

func bitfinex(root *cryptlet.JSON) (bid, ask *cryptlet.JSON, reported bool) {
	if root.Item(0).Says("error") {
		return nil, nil, true
	}
	if root.Item(9) == nil {
		return nil, nil, false
	}
	return root.Item(0), root.Item(2), false
}

// The price, or a code.
func parsePrice(text string) (cryptlet.Fixed, string) {
	price, ok := cryptlet.ParseFixed(text)
	if !ok {
		return 0, "PRICE_NOT_A_NUMBER"
	}
	if price <= 0 {
		return 0, "PRICE_NOT_POSITIVE"
	}
	return price, ""
}

func readBody(from source, answer *cryptlet.JSON) (cryptlet.Fixed, string) {
	if answer.Field("status").Integer() != 200 {
		return 0, "SOURCE_STATUS"
	}
	root := cryptlet.Parse([]byte(answer.Field("body").Text))
	bidValue, askValue, reported := from.quote(root)
	if reported {
		return 0, "SOURCE_REPORTED_ERROR"
	}
	if !bidValue.Is(from.kind) || !askValue.Is(from.kind) {
		return 0, "SOURCE_SHAPE"
	}
	bid, fault := parsePrice(bidValue.Text)
	if fault != "" {
		return 0, fault
	}
	ask, fault := parsePrice(askValue.Text)
	if fault != "" {
		return 0, fault
	}
	if bid > ask {
		return 0, "PRICE_CROSSED"
	}
	return cryptlet.Middle(bid, ask), ""
}

func read(from source, answer *cryptlet.JSON) *reading {
	r := &reading{id: from.id, answer: answer}
	if answer.Field("ok").Is(cryptlet.True) {
		r.price, r.fault = readBody(from, answer)
	} else {
		r.fault = answer.Field("error").Field("code").Text
	}
	return r
}
