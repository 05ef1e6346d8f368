package environment

import (
	"path"
	"strings"

	"github.com/corslint/corslint/internal/yamltree"
)

// isTemplate reports whether a file may be a SAM or CloudFormation template: template.yaml, x.template.json,
// api.cfn.yml, sam.yaml.
func isTemplate(base, stem string, isYAML bool) bool {
	if !isYAML {
		var isJSON bool
		if stem, isJSON = strings.CutSuffix(base, ".json"); !isJSON {
			stem, isJSON = strings.CutSuffix(base, ".template")
			return isJSON
		}
	}
	for part := range strings.FieldsFuncSeq(stem, func(r rune) bool { return strings.ContainsRune(".-_", r) }) {
		switch part {
		case "template", "sam", "cfn", "cloudformation", "stack":
			return true
		}
	}
	return false
}

// cloudFormation returns the functions of a template whose code lies in a directory or holds it. A function's own
// variables win over those that the Globals of SAM give to all.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
func (r *Reader) cloudFormation(name, dir string) []Set {
	var sets []Set
	for _, document := range r.documents(name, "Resources", "Environment") {
		code := document.Get("Globals").Get("Function")
		for key, resource := range document.Get("Resources").Fields() {
			kind := resource.Get("Type").Text()
			if kind != "AWS::Serverless::Function" && kind != "AWS::Lambda::Function" || len(sets) == maxSets {
				continue
			}
			properties := resource.Get("Properties")
			home := parent(name)
			for _, holder := range []yamltree.Node{properties, code} {
				if uri := holder.Get("CodeUri"); uri.Kind() == yamltree.String && uri.Tag() == "" {
					home, _ = join(parent(name), uri.Text())
					break
				}
			}
			if !within(home, dir) && !within(dir, home) {
				continue
			}
			s := Set{Name: path.Base(name) + " function " + key.Text(), Kind: CloudFormation, Path: name, Span: key.Span()}
			for _, holder := range []yamltree.Node{code, properties} {
				values, open := functionValues(holder.Get("Environment").Get("Variables"))
				s.Values = append(s.Values, values...)
				if open != "" {
					s.Open = open
				}
			}
			sets = append(sets, s)
		}
	}
	return sets
}

// functionValues reads a mapping of variables; what is computed at deployment is not known.
func functionValues(n yamltree.Node) (values []Value, open string) {
	if n.Tag() != "" || isIntrinsic(n) {
		return nil, intrinsic(n)
	}
	for key, value := range n.Fields() {
		values = append(values, literal(key.Text(), value, intrinsic(value)))
	}
	return values, ""
}

// isIntrinsic reports whether a mapping is a call of a function: {Ref: x}, {"Fn::Sub": ...}.
func isIntrinsic(n yamltree.Node) bool {
	for key := range n.Fields() {
		return key.Text() == "Ref" || strings.HasPrefix(key.Text(), "Fn::")
	}
	return false
}

// intrinsic names the function that gives a value at deployment.
func intrinsic(n yamltree.Node) string {
	for key, value := range n.Fields() {
		return strings.TrimSpace(key.Text() + " " + value.Text())
	}
	if tag := n.Tag(); tag != "" {
		return strings.TrimSpace(tag + " " + n.Text())
	}
	return "a value that is no text"
}

// serverless returns the functions of a serverless.yml. Those of provider.environment are given to all.
// https://www.serverless.com/framework/docs/providers/aws/guide/functions#environment-variables
func (r *Reader) serverless(name string) []Set {
	var sets []Set
	for _, document := range r.documents(name, "provider", "environment") {
		key, provider := document.Get("provider").Field("environment")
		shared, open := serverlessValues(provider)
		if !key.IsZero() {
			sets = append(sets, Set{Name: path.Base(name), Kind: Serverless, Path: name, Span: key.Span(), Values: shared, Open: open})
		}
		for key, function := range document.Get("functions").Fields() {
			own := function.Get("environment")
			if own.IsZero() || len(sets) == maxSets {
				continue
			}
			values, more := serverlessValues(own)
			if more == "" {
				more = open
			}
			sets = append(sets, Set{Name: path.Base(name) + " function " + key.Text(), Kind: Serverless, Path: name, Span: key.Span(),
				Values: append(append([]Value(nil), shared...), values...), Open: more})
		}
	}
	return sets
}

// serverlessValues reads a mapping of variables. ${...} is resolved by the framework at deployment.
// https://www.serverless.com/framework/docs/guides/variables
func serverlessValues(n yamltree.Node) (values []Value, open string) {
	if n.Kind() == yamltree.String {
		return nil, n.Text() // ${file(env.yml):dev}
	}
	values, open = functionValues(n)
	for i, v := range values {
		if strings.Contains(v.Text, "${") {
			values[i].Text, values[i].Unknown = "", v.Text
		}
	}
	return values, open
}
