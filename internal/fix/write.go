package fix

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// errChanged is the error of a file that somebody else wrote to since it was read.
var errChanged = errors.New("the file has changed since it was read")

// Write writes the changed files below a directory, each as a whole or not at all. It stops at the first that cannot be
// written, and returns the paths of those that were.
func (r *Result) Write(dir string) (written []string, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for _, c := range r.Changes {
		if err := c.write(root); err != nil {
			return written, fmt.Errorf("%s: %w", c.Before.Path, err)
		}
		written = append(written, c.Before.Path)
	}
	return written, nil
}

// write puts a new file in the place of the old one, with its mode.
func (c *Change) write(root *os.Root) error {
	name := filepath.FromSlash(c.Before.Path)
	now, err := root.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, c.Before.Data) {
		return errChanged
	}
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	beside := name + ".corslint-new"
	f, err := root.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = f.Write(c.After.Data)
	err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Sync(), f.Close())
	if err == nil {
		err = root.Rename(beside, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(beside))
	}
	return nil
}
