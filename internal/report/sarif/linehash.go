package sarif

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	hashWindow = 100 // UTF-16 code units that a line's hash covers
	hashBase   = 37
	hashEOF    = 0xFFFF
)

// LineHashes returns the primaryLocationLineHash of every line of a file, the first line's at index 0, exactly as GitHub's
// upload-sarif action computes it: a polynomial hash of the next 100 UTF-16 code units from the start of the line,
// spaces and tabs skipped and line endings read as LF, then ":" and a count of the lines before with the same hash.
// Code scanning tells alerts apart by this value; the action warns where a file carries another one.
//
// A lone CR ends a line here, because it does there.
//
// Source: github/codeql-action, src/fingerprints.ts.
func LineHashes(data []byte) []string {
	units, starts := hashInput(data)

	// prefix hash h(i) = Σ units[j]·37^(i-1-j); a window's hash is h(i+100) - h(i)·37^100, everything modulo 2^64.
	var first uint64 = 1
	for range hashWindow {
		first *= hashBase
	}
	h := make([]uint64, len(units)+1)
	for i, u := range units {
		h[i+1] = h[i]*hashBase + uint64(u)
	}

	hashes := make([]string, len(starts))
	seen := make(map[uint64]int)
	for n, start := range starts {
		hash := h[start+hashWindow] - h[start]*first
		seen[hash]++
		hashes[n] = strconv.FormatUint(hash, 16) + ":" + strconv.Itoa(seen[hash])
	}
	return hashes
}

// hashInput returns the code units that are hashed, end of file and padding included, and the index at which each line
// starts.
func hashInput(data []byte) (units []uint16, starts []int) {
	lineStart, afterCR := true, false
	add := func(u uint16) {
		if lineStart {
			starts = append(starts, len(units))
		}
		lineStart = u == '\n'
		units = append(units, u)
	}
	for len(data) > 0 {
		r, size := decode(data)
		data = data[size:]
		switch {
		case r == ' ' || r == '\t' || r == '\n' && afterCR:
			afterCR = false
			continue
		case r == '\r':
			add('\n')
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			add(uint16(high))
			add(uint16(low))
		default:
			add(uint16(r))
		}
		afterCR = r == '\r'
	}
	add(hashEOF)
	return append(units, make([]uint16, hashWindow)...), starts
}

// decode is utf8.DecodeRune, except that a truncated sequence is one replacement character, as Node.js decodes it
// (https://encoding.spec.whatwg.org/#utf-8-decoder), and not one for each of its bytes.
func decode(data []byte) (rune, int) {
	r, size := utf8.DecodeRune(data)
	if r == utf8.RuneError && size == 1 {
		for size < min(len(data), utf8.UTFMax-1) && !utf8.FullRune(data[:size+1]) {
			size++
		}
	}
	return r, size
}
