// Package cryptlet is what a Cryptlet in Go imports: the wall (enclave-sim/protocol/cryptlet.wit), strict JSON that keeps
// numbers as text, and fixed-point decimals. A program of GOOS=js GOARCH=wasm whose main serves one trigger:
//
//	func main() { cryptlet.Serve(run) }
//	func run(trigger *cryptlet.JSON) string { … }
//
// Neither fmt, os, time nor net/http is needed; os and time do not link, because they reach for JavaScript.
package cryptlet

import "unsafe"

// Bodies are in wall_js_wasm.s: an import each, as Go's own runtime makes them.
func hostBegin() int
func hostCall(request unsafe.Pointer, length int) int
func hostTake(to unsafe.Pointer)
func hostReturn(outcome unsafe.Pointer, length int)

func take(length int) *JSON {
	text := make([]byte, length+1)
	hostTake(unsafe.Pointer(&text[0]))
	parsed := Parse(text[:length])
	if parsed == nil {
		panic("the enclave answered no JSON")
	}
	return parsed
}

// Call makes one host call and gives the answer.
func Call(request string) *JSON {
	bytes := []byte(request)
	return take(hostCall(unsafe.Pointer(&bytes[0]), len(bytes)))
}

// Serve gives the trigger to run and its result, the JSON text of a RunOutcome, to the enclave.
func Serve(run func(trigger *JSON) string) {
	outcome := []byte(run(take(hostBegin())))
	hostReturn(unsafe.Pointer(&outcome[0]), len(outcome))
}
