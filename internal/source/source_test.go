package source

import "testing"

func TestPosition(t *testing.T) {
	f := NewFile("a.conf", []byte("é😀\xffx\r\nb\n"))
	for offset, want := range map[int]Position{
		-1: {1, 1, 1},
		0:  {1, 1, 1},
		2:  {1, 2, 2}, // behind é
		6:  {1, 3, 4}, // 😀 is two units
		7:  {1, 4, 5}, // a byte that is no UTF-8
		9:  {1, 6, 7}, // \r stands in its line
		10: {2, 1, 1},
		12: {3, 1, 1},
		99: {3, 1, 1},
	} {
		if got := f.Position(offset); got != want {
			t.Errorf("offset %d is at %+v, want %+v", offset, got, want)
		}
	}
	for n, want := range map[int]string{0: "", 1: "é😀\xffx", 2: "b", 3: "", 4: ""} {
		if got := f.Line(n); got != want {
			t.Errorf("line %d is %q, want %q", n, got, want)
		}
	}
	if got := f.Lines(); got != 3 {
		t.Errorf("%d lines, want 3", got)
	}
}
