//go:build js && wasm && nginx

package main

import (
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/nginx"
)

func dialects() []parsers.Dialect { return []parsers.Dialect{nginx.Dialect{}} }
