package apigateway

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

// editTerraform does the steps that add a block or an argument to a Terraform module.
func editTerraform(step repair.Step) (source.Edits, bool) {
	at := step.Place()
	parsed, diagnostics := hclsyntax.ParseConfig(at.File.Data, at.File.Path, hcl.InitialPos)
	if diagnostics.HasErrors() {
		return nil, false
	}
	body, ok := parsed.Body.(*hclsyntax.Body)
	if !ok {
		return nil, false
	}
	around := blocksAround(body, at.Start)
	if len(around) == 0 {
		return nil, false
	}
	e := hclEditor{file: at.File, body: body, around: around}
	switch s := step.(type) {
	case repair.SetOwnErrors:
		return e.setOwnErrors(s.Headers)
	case repair.SetHeader:
		return e.setHeader(s)
	}
	return nil, false
}

// hclEditor edits a file of a module at the place that some blocks are around, the outermost first.
type hclEditor struct {
	file   *source.File
	body   *hclsyntax.Body
	around []*hclsyntax.Block
}

func blocksAround(body *hclsyntax.Body, at int) []*hclsyntax.Block {
	for _, b := range body.Blocks {
		if r := b.Range(); r.Start.Byte <= at && at < b.CloseBraceRange.End.Byte {
			return append([]*hclsyntax.Block{b}, blocksAround(b.Body, at)...)
		}
	}
	return nil
}

// setOwnErrors writes resources with the gateway's own responses behind the one that a place is in.
func (e hclEditor) setOwnErrors(headers [][2]string) (source.Edits, bool) {
	b := e.around[0]
	if b.Type != "resource" || len(b.Labels) != 2 {
		return nil, false
	}
	api := ""
	if a := b.Body.Attributes["rest_api_id"]; a != nil {
		r := a.Expr.Range()
		api = string(e.file.Data[r.Start.Byte:r.End.Byte])
	} else if b.Labels[0] == "aws_api_gateway_rest_api" {
		api = "aws_api_gateway_rest_api." + b.Labels[1] + ".id"
	}
	if api == "" || strings.Contains(api, "\n") || strings.Contains(api, "each.") || strings.Contains(api, "count.") {
		return nil, false
	}
	newline := newlineOf(e.file.Data)
	var out strings.Builder
	for _, kind := range [...]string{"4xx", "5xx"} {
		name := "default_" + kind
		for _, other := range e.body.Blocks {
			if len(other.Labels) == 2 && other.Labels[0] == "aws_api_gateway_gateway_response" && other.Labels[1] == name {
				return nil, false
			}
		}
		lines := []string{"", fmt.Sprintf("resource \"aws_api_gateway_gateway_response\" %q {", name), "  rest_api_id   = " + api,
			fmt.Sprintf("  response_type = \"DEFAULT_%s\"", strings.ToUpper(kind)), "", "  response_parameters = {"}
		for _, h := range headers {
			if strings.ContainsAny(h[1], "'\"\\\n$%") {
				return nil, false
			}
			lines = append(lines, fmt.Sprintf("    \"gatewayresponse.header.%s\" = \"'%s'\"", h[0], h[1]))
		}
		out.WriteString(strings.Join(append(lines, "  }", "}"), newline) + newline)
	}
	end := e.lineEnd(b.CloseBraceRange.End.Byte)
	text := out.String()
	if end == len(e.file.Data) && e.file.Data[end-1] != '\n' {
		text = newline + text
	}
	return e.insert(end, text), true
}

// setHeader writes an argument beside the one that names origins.
func (e hclEditor) setHeader(s repair.SetHeader) (source.Edits, bool) {
	body := e.around[len(e.around)-1].Body
	beside, l := body.Attributes["allow_origins"], policies["allow_origins"][strings.ToLower(s.Name)]
	if beside == nil || l.key == "" || body.Attributes[l.key] != nil || strings.ContainsAny(s.Value, "\"\\$%") {
		return nil, false
	}
	value := "true"
	if !l.flag {
		value = `["` + strings.Join(strings.Split(s.Value, ", "), `", "`) + `"]`
	}
	start := beside.NameRange.Start.Byte
	indent := e.file.Data[bytes.LastIndexByte(e.file.Data[:start], '\n')+1 : start]
	if len(bytes.TrimSpace(indent)) > 0 {
		return nil, false
	}
	// The equals signs of neighbours stand below each other where terraform fmt was there.
	name := l.key
	if equals := beside.EqualsRange.Start.Byte - start - 1; equals > len("allow_origins") {
		name += strings.Repeat(" ", max(0, equals-len(name)))
	}
	return e.insert(start, name+" = "+value+newlineOf(e.file.Data)+string(indent)), true
}

// lineEnd returns the offset behind the line feed of the line that an offset is in.
func (e hclEditor) lineEnd(at int) int {
	if i := bytes.IndexByte(e.file.Data[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(e.file.Data)
}

func (e hclEditor) insert(at int, text string) source.Edits {
	return source.Edits{{Span: source.Span{File: e.file, Start: at, End: at}, Text: text}}
}
