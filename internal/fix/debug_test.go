package fix

import (
	"context"
	"fmt"
)

func (f *Fixer) Debug(ctx context.Context, rule string) string {
	now := f.look(ctx, &overlay{Files: f.Files}, nil)
	out := ""
	for _, x := range now.All {
		if x.Rule != rule {
			continue
		}
		out += fmt.Sprintf("%s %v\n", x.Message, x.Repairs)
		for _, c := range f.candidates(x) {
			named := now.around(c.edits)
			after := f.look(ctx, now.files.with(c.edits), named)
			left, appeared := compare(now.All, after.All, nil, c.edits, named)
			out += fmt.Sprintln(c.title, left, len(appeared), "writable", f.mayWrite(now, c.edits))
			for _, a := range appeared {
				out += fmt.Sprintln("  appeared", a.Rule, a.Message, a.Place.Position().Line)
			}
			for key, was := range now.layers {
				is := after.layers[key]
				if is == nil {
					out += "gone " + key + "\n"
					continue
				}
				for k, a := range was.asked {
					if b := is.ask(ctx, a); a.verdict != b.verdict {
						out += fmt.Sprintln("   ", k, a.wanted, a.verdict, b.verdict)
					}
				}
				for k, b := range is.asked {
					if _, ok := was.asked[k]; ok {
						continue
					}
					if a := was.ask(ctx, b); a.verdict != b.verdict {
						out += fmt.Sprintln("  +", k, b.wanted, a.verdict, b.verdict)
					}
				}
			}
		}
	}
	return out
}
