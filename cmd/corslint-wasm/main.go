//go:build js && wasm

// Command corslint-wasm is the playground's analyzer for browsers: it answers questions that a worker's script hands it. It comes
// in three sizes: with the build tag nginx it reads configurations of nginx only, and is what the page loads first; with the tag
// configurations those of gateways and API descriptions, too; without a tag it also runs applications.
package main

import (
	"context"
	"runtime/debug"
	"syscall/js"

	"github.com/corslint/corslint/internal/playground"
)

func main() {
	debug.SetGCPercent(400) // a question makes much garbage, and memory is there
	analyst := playground.New(dialects())
	js.Global().Set("corslintAnswer", js.FuncOf(func(_ js.Value, args []js.Value) any {
		if len(args) != 1 || args[0].Type() != js.TypeString {
			return `{"error":"the question is no text"}`
		}
		return string(analyst.AnswerJSON(context.Background(), []byte(args[0].String())))
	}))
	js.Global().Call("corslintReady")
	select {} // the functions stay
}
