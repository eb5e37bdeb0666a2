package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// decodeJSON reads data into v within the limits. What is wrong is named by line.
func decodeJSON(data []byte, v any) error {
	data, err := clean(data)
	if err != nil {
		return err
	}
	if at := tooDeep(data); at >= 0 {
		return TooLarge.At(lineOf(data, at), fmt.Sprintf("嵌套超过%d层 / nested deeper than %d",
			maxDepth, maxDepth))
	}
	err = json.Unmarshal(data, v)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return NotALayout.At(lineOf(data, int(syntax.Offset)), "JSON语法错误 / "+syntax.Error())
	case errors.As(err, &kind):
		return NotALayout.At(lineOf(data, int(kind.Offset)),
			fmt.Sprintf("%s的类型不对 / %s must not be a %s", kind.Field, kind.Field, kind.Value))
	case err != nil:
		return NotALayout.Wrap(err)
	}
	return nil
}

// tooDeep is where the nesting passes maxDepth, -1 if nowhere.
func tooDeep(data []byte) int {
	depth, quoted, escaped := 0, false, false
	for i, c := range data {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

func lineOf(data []byte, offset int) string {
	offset = min(max(offset, 0), len(data))
	return "line " + strconv.Itoa(1+bytes.Count(data[:offset], []byte("\n")))
}

// words is a JSON string, or a number where a label should be; null is empty. Anything
// else is bad, for the reader to report where it stands.
type words struct {
	s   string
	bad bool
}

func (w *words) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) == 0 || string(b) == "null":
	case b[0] == '"':
		return json.Unmarshal(b, &w.s)
	case b[0] == '-' || (b[0] >= '0' && b[0] <= '9'):
		w.s = string(b)
	default:
		w.bad = true
	}
	return nil
}

// number is a JSON number, or a string that holds one; null is 0.
type number struct {
	v   float64
	set bool
	bad bool
}

func (n *number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	s := string(bytes.Trim(b, `"`))
	v, err := strconv.ParseFloat(s, 64)
	n.v, n.set = v, true
	n.bad = err != nil || math.IsNaN(v) || math.Abs(v) > 1e9
	if n.bad {
		n.v = 0
	}
	return nil
}

// int is the whole number, 0 for none.
func (n number) int() int { return int(math.Round(n.v)) }
