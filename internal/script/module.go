package script

import (
	"fmt"
	"regexp"
	"strings"
)

// An ES module as esbuild prints it: each import and export is a statement that begins a line.
var (
	importFrom = regexp.MustCompile(`(?m)^import (?:(.+?) from )?("(?:[^"\\]|\\.)*")(?: with \{.*\})?;$`)
	exportFrom = regexp.MustCompile(`(?m)^export \* (?:as ([\p{L}\p{N}_$]+) )?from ("(?:[^"\\]|\\.)*");$`)
	exportList = regexp.MustCompile(`(?ms)^export \{([^}]*)\}(?: from ("(?:[^"\\]|\\.)*"))?;$`)
)

// requires makes CommonJS of an ES module that awaits at its top level, which esbuild does not. Every line stays where it is.
func requires(code string) string {
	code = importFrom.ReplaceAllStringFunc(code, func(statement string) string {
		m := importFrom.FindStringSubmatch(statement)
		return importing(m[1], m[2])
	})
	code = exportFrom.ReplaceAllStringFunc(code, func(statement string) string {
		m := exportFrom.FindStringSubmatch(statement)
		if m[1] != "" {
			return fmt.Sprintf("exports.%s = require(%s);", m[1], m[2])
		}
		return fmt.Sprintf("Object.assign(exports, require(%s));", m[2])
	})
	return exportList.ReplaceAllStringFunc(code, func(statement string) string {
		m := exportList.FindStringSubmatch(statement)
		var b strings.Builder
		for name := range strings.SplitSeq(m[1], ",") {
			inner, outer, renamed := strings.Cut(strings.TrimSpace(name), " as ")
			if !renamed {
				outer = inner
			}
			switch {
			case inner == "":
			case m[2] != "":
				fmt.Fprintf(&b, "exports[%q] = require(%s)[%q]; ", outer, m[2], inner)
			default:
				fmt.Fprintf(&b, "exports[%q] = %s; ", outer, inner)
			}
		}
		return b.String() + strings.Repeat("\n", strings.Count(statement, "\n"))
	})
}

// importing writes the clause of an import, `a, { b as c }` or `* as d`, as variables.
func importing(clause, specifier string) string {
	module := fmt.Sprintf("require(%s)", specifier)
	if clause == "" {
		return module + ";"
	}
	var names []string
	if name, rest, found := strings.Cut(clause, ", "); !strings.HasPrefix(clause, "{") && !strings.HasPrefix(clause, "*") {
		names, clause = append(names, fmt.Sprintf("%s = __toESM(%s, 1).default", name, module)), rest
		if !found {
			clause = ""
		}
	}
	if star, ok := strings.CutPrefix(clause, "* as "); ok {
		names = append(names, fmt.Sprintf("%s = __toESM(%s, 1)", star, module))
	} else if clause != "" {
		names = append(names, fmt.Sprintf("%s = __toESM(%s, 1)", strings.ReplaceAll(clause, " as ", ": "), module))
	}
	return "const " + strings.Join(names, ", ") + ";"
}
