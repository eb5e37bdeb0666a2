package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
	var values map[string]any
	dec := json.NewDecoder(io.LimitReader(f, maxFile))
	dec.UseNumber()
	if err := dec.Decode(&values); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &File{values}, nil
}

func (f *File) key(flag string) string { return strings.ReplaceAll(flag, "-", "_") }

// Validate refuses keys that are no flag of any command.
func (f *File) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, n := range append(app.Leaves(true), app.Node) {
		for _, group := range n.AllFlags(false) {
			for _, flag := range group {
				known[f.key(flag.Name)] = true
			}
		}
	}
	for k := range f.values {
		if !known[k] {
			return fmt.Errorf("the settings file has the unknown key %q", k)
		}
	}
	return nil
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
		return strings.Join(words, ","), nil
	}
	return fmt.Sprint(v), nil
}
