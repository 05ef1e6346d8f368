// Package git reads states of a repository through the git program: the tree of a commit, and what is staged. Nothing is
// checked out, nothing is written, no network is used, and no program that the repository's configuration names is run.
// The package imports discovery.
package git

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/corslint/corslint/internal/discovery"
)

// Repository is a repository and its working tree.
type Repository struct {
	ctx context.Context
	dir string
}

// Open returns the repository whose working tree has its top at a directory.
func Open(ctx context.Context, dir string) (*Repository, error) {
	r := &Repository{ctx, dir}
	where, err := r.run("rev-parse", "--is-inside-work-tree", "--show-prefix")
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("the git program is not installed")
	case err != nil:
		return nil, err
	case strings.TrimSpace(where) != "true": // a prefix would follow
		return nil, fmt.Errorf("%s is not the top of a git repository", dir)
	}
	return r, nil
}

// command returns a git command that keeps to itself.
func (r *Repository) command(args ...string) *exec.Cmd {
	quiet := []string{"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager", "--no-replace-objects"}
	cmd := exec.CommandContext(r.ctx, "git", append(quiet, args...)...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "LC_ALL=C")
	return cmd
}

// run returns what a git command prints. The error is git's own first line.
func (r *Repository) run(args ...string) (string, error) {
	cmd := r.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", errors.New(cmp.Or(firstLine(stderr.String()), fmt.Sprintf("git %s: %v", args[0], exit)))
	}
	return stdout.String(), err
}

// firstLine returns the first line of what git prints about an error.
func firstLine(stderr string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(stderr), "\n")
	return strings.TrimPrefix(strings.TrimPrefix(line, "fatal: "), "error: ")
}

// Base returns the commit that a revision and HEAD have grown from: a branch is compared with what it left, and not with
// what has happened there since. Without a common one, as in a shallow clone, it is the revision itself.
func (r *Repository) Base(revision string) (commit string, err error) {
	commit, ok := r.commit(revision)
	if !ok {
		if shallow, _ := r.run("rev-parse", "--is-shallow-repository"); strings.TrimSpace(shallow) == "true" {
			return "", fmt.Errorf("git knows no revision %q; the clone is shallow: fetch it before (git fetch --depth=1 origin NAME, or all with git fetch --unshallow)", revision)
		}
		return "", fmt.Errorf("git knows no revision %q", revision)
	}
	if base, err := r.run("merge-base", commit, "HEAD"); err == nil {
		return strings.TrimSpace(base), nil
	}
	return commit, nil
}

// Head returns the commit that is checked out, "" before the first one.
func (r *Repository) Head() string {
	commit, _ := r.commit("HEAD")
	return commit
}

func (r *Repository) commit(revision string) (string, bool) {
	if strings.HasPrefix(revision, "-") { // no option of git's
		return "", false
	}
	id, err := r.run("rev-parse", "--verify", "--quiet", revision+"^{commit}")
	return strings.TrimSpace(id), err == nil
}

// Tree returns the files of a commit; of the commit "", none.
func (r *Repository) Tree(commit string) (*State, error) {
	s := r.state()
	if commit == "" {
		return s, nil
	}
	list, err := r.run("ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	return s, s.take(list, func(fields []string) (mode, id string, ok bool) { // mode type id
		return fields[0], fields[2], true
	})
}

// Index returns what is staged. Of a file in conflict it is our side.
func (r *Repository) Index() (*State, error) {
	s := r.state()
	list, err := r.run("ls-files", "-s", "-z")
	if err != nil {
		return nil, err
	}
	return s, s.take(list, func(fields []string) (mode, id string, ok bool) { // mode id stage
		return fields[0], fields[1], fields[2] == "0" || fields[2] == "2"
	})
}

// State is the files of a repository as they were at some time. It is safe for concurrent use; it must be closed.
type State struct {
	repository *Repository
	snapshot   discovery.Snapshot
	ids        map[string]string // of the files' contents

	mu   sync.Mutex
	git  *reader
	lost error // why files of the state cannot be read, if so
}

func (r *Repository) state() *State {
	s := &State{repository: r, ids: map[string]string{}}
	s.snapshot = discovery.Snapshot{Dir: r.dir, Links: map[string]string{}, Read: s.read}
	return s
}

// The modes of tree entries that are files and links; the others are directories and submodules.
const (
	modeFile       = "100644"
	modeExecutable = "100755"
	modeLink       = "120000"
)

// take reads a list of entries "A B C\tpath\x00".
func (s *State) take(list string, parse func(fields []string) (mode, id string, ok bool)) error {
	for entry := range strings.SplitSeq(strings.TrimSuffix(list, "\x00"), "\x00") {
		head, name, _ := strings.Cut(entry, "\t")
		fields := strings.Fields(head)
		if len(fields) != 3 || !fs.ValidPath(name) {
			continue
		}
		mode, id, ok := parse(fields)
		if !ok {
			continue
		}
		switch mode {
		case modeFile, modeExecutable:
			s.ids[name] = id
			s.snapshot.Files = append(s.snapshot.Files, name)
		case modeLink:
			s.ids[name] = id
			target, err := s.read(name)
			if err != nil {
				return err
			}
			s.snapshot.Links[name] = string(target)
		}
	}
	return nil
}

// Root returns the state as a root of files.
func (s *State) Root() *discovery.Root { return discovery.Past(s.snapshot) }

// Has reports whether a path is a file of the state.
func (s *State) Has(name string) bool { return s.ids[name] != "" }

// Close ends the git process that reads the files. The error says that some could not be read, although they are there:
// what was found in the others is then no picture of the state.
func (s *State) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.lost
	if s.git != nil {
		if failed := s.git.close(); err == nil {
			err = failed
		}
		s.git = nil
	}
	return err
}

// read returns the contents of a file.
func (s *State) read(name string) ([]byte, error) {
	id, ok := s.ids[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost != nil {
		return nil, s.lost
	}
	if s.git == nil {
		var err error
		if s.git, err = s.repository.reader(); err != nil {
			return nil, err
		}
	}
	data, err := s.git.object(id)
	if err != nil && !errors.Is(err, discovery.ErrTooLarge) {
		s.lost = fmt.Errorf("git cannot read %s as it was: %w", name, s.repository.explain(err, s.git))
		return nil, s.lost
	}
	return data, err
}

// explain says why an object could not be read, as far as git does.
func (r *Repository) explain(err error, of *reader) error {
	if promisor, _ := r.run("config", "--get-regexp", `^remote\..*\.(promisor|partialclonefilter)$`); promisor != "" {
		return errors.New("the clone is partial, and nothing is fetched here (git fetch --refetch --no-filter does)")
	}
	_ = of.close() // then it has said everything
	if line := firstLine(of.errors.String()); line != "" {
		return errors.New(line)
	}
	return err
}

// reader is a running git cat-file --batch.
// https://git-scm.com/docs/git-cat-file#_batch_output
type reader struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	errors bytes.Buffer // complete once the process has ended
}

func (r *Repository) reader() (*reader, error) {
	cmd := r.command("cat-file", "--batch")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	reader := &reader{cmd: cmd, in: in, out: bufio.NewReader(out)}
	cmd.Stderr = &reader.errors
	return reader, cmd.Start()
}

func (r *reader) object(id string) ([]byte, error) {
	if _, err := io.WriteString(r.in, id+"\n"); err != nil {
		return nil, err
	}
	head, err := r.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(head) // id type size, or: id missing
	if len(fields) != 3 {
		return nil, fs.ErrNotExist
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return nil, err
	}
	if size > discovery.MaxFileSize {
		_, err := io.CopyN(io.Discard, r.out, size+1)
		return nil, errors.Join(discovery.ErrTooLarge, err)
	}
	data := make([]byte, size+1) // and a line feed
	if _, err := io.ReadFull(r.out, data); err != nil {
		return nil, err
	}
	return data[:size], nil
}

func (r *reader) close() error {
	return errors.Join(r.in.Close(), r.cmd.Wait())
}
