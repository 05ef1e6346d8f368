package playground

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Fragment returns what stands behind the # of the page's address to open a question, as the page itself writes it
// (static/page.js): JSON, deflated, in base64 for addresses. It is sent to nobody.
func Fragment(q Question) (string, error) {
	text, err := json.Marshal(q)
	if err != nil {
		return "", err
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return "", err
	}
	_, err = w.Write(text)
	if err := errors.Join(err, w.Close()); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(packed.Bytes()), nil
}

// ReadFragment is the inverse of [Fragment].
func ReadFragment(fragment string) (q Question, err error) {
	packed, err := base64.RawURLEncoding.DecodeString(fragment)
	if err != nil {
		return q, fmt.Errorf("no fragment of the playground: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxQuestion))
	if err != nil {
		return q, fmt.Errorf("no fragment of the playground: %w", err)
	}
	return q, json.Unmarshal(text, &q)
}
