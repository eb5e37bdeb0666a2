package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// File is a settings file: JSON whose keys are the names of the flags with `_` for `-`.
//
//	{"mode": "production", "listen": ":443", "acme_hosts": ["tickets.example.org"]}
type File struct{ values map[string]any }

const maxFile = 1 << 20 // bytes

// Load reads a settings file; a missing one is empty unless it must be there.
func Load(path string, must bool) (*File, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) && !must {
		return &File{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	file, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// parse reads one JSON object of plain values and lists of them; null stands for a
// setting that is not made.
func parse(text []byte) (*File, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("the settings file is larger than %d bytes", maxFile)
	}
	var values map[string]any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&values); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("the settings file goes on after its object")
	}
	var errs []error
	for _, k := range slices.Sorted(maps.Keys(values)) {
		if values[k] == nil {
			delete(values, k)
		} else if !isPlain(values[k]) {
			errs = append(errs, fmt.Errorf("the setting %q is neither a value nor a list", k))
		}
	}
	return &File{values}, errors.Join(errs...)
}

func isPlain(v any) bool {
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	return !slices.ContainsFunc(list, func(w any) bool {
		switch w.(type) {
		case string, bool, json.Number:
			return false
		}
		return true
	})
}

func (f *File) key(flag string) string { return strings.ReplaceAll(flag, "-", "_") }

// Validate refuses keys that are no flag of any command, and names all of them.
func (f *File) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, n := range append(app.Leaves(true), app.Node) {
		for _, group := range n.AllFlags(false) {
			for _, flag := range group {
				known[f.key(flag.Name)] = true
			}
		}
	}
	var errs []error
	for _, k := range slices.Sorted(maps.Keys(f.values)) {
		if !known[k] {
			errs = append(errs, fmt.Errorf("the settings file has the unknown key %q", k))
		}
	}
	return errors.Join(errs...)
}

// Resolve gives kong the value of a flag that neither environment nor command line set.
func (f *File) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	v, ok := f.values[f.key(flag.Name)]
	if !ok {
		return nil, nil
	}
	if list, ok := v.([]any); ok {
		words := make([]string, len(list))
		for i, w := range list {
			words[i] = fmt.Sprint(w)
		}
		return kong.JoinEscaped(words, ','), nil
	}
	return fmt.Sprint(v), nil
}
