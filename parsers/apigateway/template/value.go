// Package template reads what deployment templates say: the values of a tree of YAML, JSON or HCL, with the expressions in
// it resolved as far as the template itself decides them. It knows CloudFormation's intrinsic functions, the variables
// of the Serverless Framework and Terraform's expressions, and nothing of what the values mean.
//
// Whatever a template leaves to the deployment stays unknown, with the name of what decides it. Values are resolved when
// they are looked at, so that the larger part of a document, its schemas, costs nothing.
package template

import (
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// Kind is what a value is. The zero Kind is that of a value which is not there.
type Kind uint8

// The kinds.
const (
	Unknown Kind = iota + 1 // it could be of any kind
	Null
	Bool
	Number
	String
	List
	Map
)

// Value is a value of a template. The zero Value is one that is not there; all methods may be called on it.
type Value struct {
	Kind Kind
	Span source.Span
	// Ref names the resource, or the attribute of one, that the value stands for: "Api", "Api.RootResourceId".
	Ref  string
	text policy.Value
	deep deep
}

// Field is a key of a [Map] and its value.
type Field struct {
	Key   string
	Span  source.Span // of the key
	Value Value
}

// deep is what the elements of a list or map are read from.
type deep interface {
	items() []Value
	fields() []Field
	field(key string) (Field, bool)
}

// Text returns a string value.
func Text(text string, at source.Span) Value {
	return Value{Kind: String, Span: at, text: policy.Literal(text)}
}

// Partly returns a string value, parts of which may be unknown.
func Partly(text policy.Value, at source.Span) Value {
	return Value{Kind: String, Span: at, text: text}
}

// Open returns a value that the template does not decide: what the variable is.
func Open(variable string, at source.Span) Value {
	return Value{Kind: Unknown, Span: at, text: unknown(variable, at)}
}

func unknown(variable string, at source.Span) policy.Value {
	return policy.UnknownValue(policy.Unknown{Kind: policy.UnknownVariable, Subject: variable, Span: at})
}

// ListOf returns a list of values.
func ListOf(items []Value, at source.Span) Value {
	return Value{Kind: List, Span: at, deep: static{list: items}}
}

// MapOf returns a map of fields, whose keys differ.
func MapOf(fields []Field, at source.Span) Value {
	return Value{Kind: Map, Span: at, deep: static{all: fields}}
}

// static is a list or map that was put together.
type static struct {
	list []Value
	all  []Field
}

func (s static) items() []Value  { return s.list }
func (s static) fields() []Field { return s.all }
func (s static) field(key string) (Field, bool) {
	for _, f := range s.all {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

// Given reports whether the value is there and not null.
func (v Value) Given() bool { return v.Kind != 0 && v.Kind != Null }

// IsScalar reports whether the value is, or may be, a text.
func (v Value) IsScalar() bool { return v.Kind != List && v.Kind != Map && v.Given() }

// Text returns the value of a scalar, as far as it is known; the empty text for anything else.
func (v Value) Text() policy.Value { return v.text }

// Known returns the text of a scalar that is known.
func (v Value) Known() (string, bool) {
	if v.Kind != Bool && v.Kind != Number && v.Kind != String {
		return "", false
	}
	return v.text.Known()
}

// Word returns the text of a scalar that is known, and "" for anything else.
func (v Value) Word() string {
	text, _ := v.Known()
	return text
}

// Bool returns the value of a boolean, be it written as a string, and whether it is one that is known.
func (v Value) Bool() (value, known bool) {
	switch text, _ := v.Known(); strings.ToLower(text) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// IsTrue reports whether the value is a boolean that is known to be true.
func (v Value) IsTrue() bool {
	value, _ := v.Bool()
	return value
}

// Items returns the elements of a list; of nothing else.
func (v Value) Items() []Value {
	if v.Kind != List {
		return nil
	}
	return v.deep.items()
}

// Each returns the elements of a list, and a scalar as a list of one: most services take either.
func (v Value) Each() []Value {
	if v.IsScalar() {
		return []Value{v}
	}
	return v.Items()
}

// Maps returns a map as a list of one, and of a list the maps in it: what may be split over several.
func (v Value) Maps() []Value {
	if v.Kind == Map {
		return []Value{v}
	}
	return v.Items()
}

// Fields returns the fields of a map in order, each key once; none of anything else.
func (v Value) Fields() []Field {
	if v.Kind != Map {
		return nil
	}
	return v.deep.fields()
}

// Field returns the field of a map with that key.
func (v Value) Field(key string) (Field, bool) {
	if v.Kind != Map {
		return Field{}, false
	}
	return v.deep.field(key)
}

// Get follows keys through maps. It returns the zero Value where one is missing, and an unknown one below an unknown one.
func (v Value) Get(keys ...string) Value {
	for _, key := range keys {
		if v.Kind == Unknown {
			return v
		}
		f, _ := v.Field(key)
		v = f.Value
	}
	return v
}
