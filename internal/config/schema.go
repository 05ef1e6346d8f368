package config

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/corslint/corslint/docs/schema"
	"github.com/corslint/corslint/internal/names"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// schemaURL is the schema's address. It has to be absolute: a relative one is resolved against the working directory,
// which then shows in messages.
const schemaURL = "https://github.com/corslint/corslint/docs/schema/config.schema.json"

// validator is the schema of a configuration file, and its text for the wording of mistakes.
type validator struct {
	compiled *jsonschema.Schema
	text     yamltree.Node
}

// newValidator compiles the schema. It takes half a millisecond, which a project without a configuration file does not pay.
func newValidator() (*validator, error) {
	stream, err := yamltree.Parse(source.NewFile(path.Base(schemaURL), []byte(schema.Config())))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.LoadURL = func(url string) (io.ReadCloser, error) { return nil, fmt.Errorf("%s is not read", url) } // no network, no files
	if err := c.AddResource(schemaURL, strings.NewReader(schema.Config())); err != nil {
		return nil, err
	}
	compiled, err := c.Compile(schemaURL)
	if err != nil {
		return nil, err
	}
	return &validator{compiled, stream.Documents[0]}, nil
}

// mistakes returns what the schema has against a document.
func (v *validator) mistakes(root yamltree.Node) []Mistake {
	err, ok := errors.AsType[*jsonschema.ValidationError](v.compiled.Validate(root.Plain()))
	if !ok {
		return nil
	}
	var found []Mistake
	var visit func(e *jsonschema.ValidationError)
	visit = func(e *jsonschema.ValidationError) {
		for _, cause := range e.Causes {
			visit(cause)
		}
		if len(e.Causes) == 0 { // the others only say that one of these is wrong
			found = append(found, v.word(root, e)...)
		}
	}
	visit(err)
	return found
}

// word says what is wrong, in words that need no knowledge of JSON Schema.
func (v *validator) word(root yamltree.Node, e *jsonschema.ValidationError) []Mistake {
	_, pointer, _ := strings.Cut(e.AbsoluteKeywordLocation, "#")
	keyword := path.Base(pointer)
	_, rule := v.text.Lookup(strings.TrimSuffix(pointer, "/"+keyword))
	location, err := url.PathUnescape(e.InstanceLocation) // the library escapes the steps of a pointer for a URL
	if err != nil {
		location = e.InstanceLocation
	}
	key, value := root.Lookup(location)
	if strings.Contains(e.KeywordLocation, "/propertyNames/") {
		value = key
	}
	subject := "this"
	if !key.IsZero() {
		subject = quote(key.Text())
	}
	at := value.Span()
	if at.Start == at.End { // nothing stands behind the key
		at = source.Join(at, key.Span())
	}
	one := func(format string, args ...any) []Mistake { return []Mistake{{at, fmt.Sprintf(format, args...)}} }
	switch keyword {
	case "additionalProperties":
		return unknownKeys(rule, value)
	case "required":
		return missingKeys(rule, value)
	case "type":
		return one("%s is a %s, not a %s%s", subject, value.Kind(), typeName(rule), quotesHelp(rule, value))
	case "enum":
		choices := texts(rule.Get("enum"))
		if value.Kind() != yamltree.String {
			return one("%s is a %s, not one of %s", subject, value.Kind(), strings.Join(choices, ", "))
		}
		return one("%s is none of %s%s", quote(value.Text()), strings.Join(choices, ", "), meant(names.Nearest(value.Text(), choices)))
	case "maxLength":
		return one("%s is longer than %s characters", quote(value.Text()), rule.Get("maxLength").Text())
	case "pattern", "minLength":
		return one("%s does not fit here; %q would", quote(value.Text()), strings.Join(texts(rule.Get("examples")), ""))
	}
	return one("%s: %s", subject, e.Message)
}

// unknownKeys names the keys that the schema of a mapping has not.
func unknownKeys(rule, value yamltree.Node) []Mistake {
	var known []string
	for key := range rule.Get("properties").Fields() {
		known = append(known, key.Text())
	}
	var found []Mistake
	for key := range value.Fields() {
		if !slices.Contains(known, key.Text()) {
			text := fmt.Sprintf("no setting is called %s%s", quote(key.Text()), meant(names.Nearest(key.Text(), known)))
			found = append(found, Mistake{key.Span(), text})
		}
	}
	return found
}

// missingKeys names the keys that a mapping lacks, at its first line.
func missingKeys(rule, value yamltree.Node) []Mistake {
	var missing []string
	for _, name := range texts(rule.Get("required")) {
		if key, _ := value.Field(name); key.IsZero() {
			missing = append(missing, name)
		}
	}
	at := value.Span()
	for key := range value.Fields() {
		at = key.Span()
		break
	}
	return []Mistake{{at, "this entry lacks " + strings.Join(missing, " and ")}}
}

// typeName is the type that the schema wants, in the words of YAML.
func typeName(rule yamltree.Node) string {
	switch t := rule.Get("type").Text(); t {
	case "array":
		return "list"
	case "object":
		return "mapping"
	default:
		return t
	}
}

// quotesHelp says what to do about 1.29, which YAML takes for a number.
func quotesHelp(rule, value yamltree.Node) string {
	if rule.Get("type").Text() == "string" && (value.Kind() == yamltree.Number || value.Kind() == yamltree.Bool) {
		return "; put quotes around it"
	}
	return ""
}

// texts returns the elements of a list of scalars.
func texts(list yamltree.Node) []string {
	var out []string
	for item := range list.Items() {
		out = append(out, item.Text())
	}
	return out
}
