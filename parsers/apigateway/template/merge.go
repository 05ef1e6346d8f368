package template

// Merge lays a value over another one as SAM lays a resource's properties over the globals: maps are merged key by key,
// lists are joined, of anything else the upper value counts.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
func Merge(under, over Value) Value { return merge(under, over, 0) }

const maxMergeDepth = 100 // the text nests no deeper than that where anybody looks

func merge(under, over Value, depth int) Value {
	switch {
	case over.Kind == 0 || depth > maxMergeDepth:
		return under
	case under.Kind == List && over.Kind == List:
		return ListOf(append(under.Items(), over.Items()...), over.Span)
	case under.Kind == Map && over.Kind == Map:
		return Value{Kind: Map, Span: over.Span, deep: layered{under, over, depth}}
	}
	return over
}

// layered is a map over another one.
type layered struct {
	under, over Value
	depth       int
}

func (layered) items() []Value { return nil }

func (l layered) fields() []Field {
	var out []Field
	for _, f := range l.under.Fields() {
		if upper, ok := l.over.Field(f.Key); ok {
			f = Field{Key: f.Key, Span: upper.Span, Value: merge(f.Value, upper.Value, l.depth+1)}
		}
		out = append(out, f)
	}
	for _, f := range l.over.Fields() {
		if _, ok := l.under.Field(f.Key); !ok {
			out = append(out, f)
		}
	}
	return out
}

func (l layered) field(key string) (Field, bool) {
	lower, below := l.under.Field(key)
	upper, above := l.over.Field(key)
	switch {
	case !above:
		return lower, below
	case !below:
		return upper, true
	}
	return Field{Key: key, Span: upper.Span, Value: merge(lower.Value, upper.Value, l.depth+1)}, true
}
