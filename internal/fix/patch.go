package fix

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// contextLines is how many unchanged lines stand around a change in a patch.
const contextLines = 3

// WritePatch writes the changes as a patch that `git apply` takes. The names of the rules stand behind the place of each hunk,
// where git puts a function's name.
func (r *Result) WritePatch(w io.Writer) error {
	var b bytes.Buffer
	for _, c := range r.Changes {
		c.patch(&b)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (c *Change) patch(b *bytes.Buffer) {
	before, after := lines(c.Before.Data), lines(c.After.Data)
	hunks := group(differences(before, after))
	if len(hunks) == 0 {
		return
	}
	from, to := gitName("a/"+c.Before.Path), gitName("b/"+c.After.Path)
	fmt.Fprintf(b, "diff --git %s %s\n--- %s\n+++ %s\n", from, to, ended(from), ended(to))
	for _, h := range hunks {
		first, last := h[0], h[len(h)-1]
		start, shift := max(0, first.from-contextLines), first.to-first.from
		end := min(len(before), last.fromEnd+contextLines)
		endAfter := end + last.toEnd - last.fromEnd
		fmt.Fprintf(b, "@@ -%s +%s @@%s\n", lineRange(start, end), lineRange(start+shift, endAfter), c.rules(after, first.to, last.toEnd))
		at := start
		for _, d := range h {
			write(b, ' ', before[at:d.from])
			write(b, '-', before[d.from:d.fromEnd])
			write(b, '+', after[d.to:d.toEnd])
			at = d.fromEnd
		}
		write(b, ' ', before[at:end])
	}
}

// lineRange writes a range of lines as a hunk's head has it: an empty one by the line before it.
func lineRange(from, to int) string {
	if from == to {
		return fmt.Sprintf("%d,0", from)
	}
	return fmt.Sprintf("%d,%d", from+1, to-from)
}

// gitName quotes a path as git does: in a string of C, where it holds anything but the printable characters of ASCII.
//
// Source: github.com/git/git, quote.c, quote_c_style.
func gitName(path string) string {
	escapes := map[byte]byte{'\a': 'a', '\b': 'b', '\t': 't', '\n': 'n', '\v': 'v', '\f': 'f', '\r': 'r', '"': '"', '\\': '\\'}
	var b strings.Builder
	quoted := false
	for i := range len(path) {
		c := path[i]
		switch escape, ok := escapes[c]; {
		case ok:
			b.WriteString("\\" + string(escape))
		case c < ' ' || c >= 0x7F:
			fmt.Fprintf(&b, "\\%03o", c)
		default:
			b.WriteByte(c)
			continue
		}
		quoted = true
	}
	if quoted {
		return `"` + b.String() + `"`
	}
	return path
}

// ended ends a name with a tab where it has spaces, so that nobody takes what is behind one for a date.
func ended(name string) string {
	if strings.Contains(name, " ") {
		return name + "\t"
	}
	return name
}

func write(b *bytes.Buffer, mark byte, lines [][]byte) {
	for _, line := range lines {
		b.WriteByte(mark)
		b.Write(line)
		if !bytes.HasSuffix(line, []byte("\n")) {
			b.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// rules names the rules for which a range of lines was changed.
func (c *Change) rules(after [][]byte, from, to int) string {
	start, end := 0, 0
	for i, line := range after[:to] {
		if i < from {
			start += len(line)
		}
		end += len(line)
	}
	var names []string
	for _, m := range c.marks {
		if m.start <= end && start <= m.end && !slices.Contains(names, m.rule) {
			names = append(names, m.rule)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " " + strings.Join(names, ", ")
}

// lines splits a text into lines with their ends.
func lines(text []byte) [][]byte {
	var out [][]byte
	for line := range bytes.Lines(text) {
		out = append(out, line)
	}
	return out
}

// difference is a range of lines in place of which there is another one.
type difference struct{ from, fromEnd, to, toEnd int }

// group puts together the differences that are too close for context between them.
func group(all []difference) [][]difference {
	var out [][]difference
	for i, d := range all {
		if i > 0 && d.from-all[i-1].fromEnd <= 2*contextLines {
			out[len(out)-1] = append(out[len(out)-1], d)
		} else {
			out = append(out, []difference{d})
		}
	}
	return out
}

// maxTable bounds the table that two lists of lines are compared with: what differs in longer ones is one block.
const maxTable = 4 << 20

// differences compares two lists of lines and returns where they differ, in order.
func differences(a, b [][]byte) []difference {
	head := 0
	for head < len(a) && head < len(b) && bytes.Equal(a[head], b[head]) {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && bytes.Equal(a[len(a)-1-tail], b[len(b)-1-tail]) {
		tail++
	}
	a, b = a[head:len(a)-tail], b[head:len(b)-tail]
	if len(a)*len(b) > maxTable {
		return []difference{{head, head + len(a), head, head + len(b)}}
	}
	// common[i][j] is how many lines a[i:] and b[j:] have in common, in their order.
	common := make([][]int32, len(a)+1)
	for i := len(a); i >= 0; i-- {
		common[i] = make([]int32, len(b)+1)
		for j := len(b) - 1; i < len(a) && j >= 0; j-- {
			if bytes.Equal(a[i], b[j]) {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []difference
	for i, j := 0, 0; i < len(a) || j < len(b); {
		if i < len(a) && j < len(b) && bytes.Equal(a[i], b[j]) {
			i, j = i+1, j+1
			continue
		}
		d := difference{from: head + i, to: head + j}
		for i < len(a) && (j == len(b) || !bytes.Equal(a[i], b[j]) && common[i+1][j] >= common[i][j+1]) {
			i++
		}
		for j < len(b) && (i == len(a) || !bytes.Equal(a[i], b[j]) && common[i][j+1] >= common[i+1][j]) {
			j++
		}
		d.fromEnd, d.toEnd = head+i, head+j
		out = append(out, d)
	}
	return out
}
