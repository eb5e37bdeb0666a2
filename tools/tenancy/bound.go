package main

import (
	"slices"
	"strings"
)

// behindTable are the words that may follow a table and are no alias of it.
var behindTable = []string{"ON", "JOIN", "LEFT", "RIGHT", "INNER", "CROSS", "USING", "SET",
	"WHERE", "FORCE", "INDEXED", "NATURAL", "FULL", "OUTER"}

// sources reads the tables between FROM and WHERE, and the terms of their ON.
func sources(tree []node) (tables []use, terms [][]node) {
	expected := true
	for i := 0; i < len(tree); i++ {
		n := tree[i]
		switch {
		case n.is(",", "JOIN"):
			expected = true
		case n.is("ON"):
			end := len(tree)
			if j := at(tree[i:], "JOIN", "LEFT", "INNER", "CROSS", "RIGHT", ","); j > 0 {
				end = i + j
			}
			terms = append(terms, conjuncts(tree[i+1:end])...)
			i = end - 1
		case expected && n.word != "":
			u := use{table: n.word, alias: n.word}
			if i+1 < len(tree) && tree[i+1].is("AS") {
				i++
			}
			if i+1 < len(tree) && isName(tree[i+1].word) && !tree[i+1].is(behindTable...) {
				i++
				u.alias = tree[i].word
			}
			tables = append(tables, u)
			expected = false
		case expected && len(n.group) > 0:
			expected = false // a query with a name: it is read where groups are
		}
	}
	return tables, terms
}

func isName(word string) bool {
	return word != "" && (word[0] == '_' || word[0]|0x20 >= 'a' && word[0]|0x20 <= 'z')
}

// conditions are the terms of a WHERE that begins the tree.
func conditions(tree []node) [][]node {
	if len(tree) == 0 || !tree[0].is("WHERE") {
		return nil
	}
	end := len(tree)
	if i := at(tree, "GROUP", "ORDER", "HAVING", "LIMIT", "WINDOW"); i >= 0 {
		end = i
	}
	return conjuncts(tree[1:end])
}

// conjuncts are the terms that must all hold. Beside an OR none of them must.
func conjuncts(tree []node) [][]node {
	if at(tree, "OR") >= 0 {
		return nil
	}
	var terms [][]node
	for _, term := range split(tree, "AND") {
		if len(term) == 1 && len(term[0].group) > 0 && !term[0].group[0].is("SELECT") {
			terms = append(terms, conjuncts(term[0].group)...)
			continue
		}
		terms = append(terms, term)
	}
	return terms
}

// link says that the organization of one alias is a value, or that of another alias.
type link struct{ left, right string }

// value stands on the right of a link to a mark; its name is none that SQL allows.
const value = "?"

// bind marks the tables whose organization the terms name: by a value, by a list, or by
// being equal to that of a table that is bound itself or belongs to a query around.
func bind(tables []use, terms [][]node, outer []string) {
	var links []link
	for _, term := range terms {
		if l, ok := linkOf(term); ok {
			links = append(links, l)
		}
	}
	bound := append([]string{value}, outer...)
	for range tables {
		for _, l := range links {
			for _, side := range []link{l, {l.right, l.left}} {
				if has(bound, side.right) && !has(bound, side.left) {
					bound = append(bound, side.left)
				}
			}
		}
	}
	bound = bound[1+len(outer):]
	for i := range tables {
		// A bare organization_id means the table only where it is the only one.
		tables[i].bound = has(bound, tables[i].alias) || len(tables) == 1 && has(bound, "")
	}
}

func has(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// linkOf reads `[a.]organization_id = ?`, `= b.organization_id` and `IN (…)`.
func linkOf(term []node) (link, bool) {
	left, rest, ok := column(term)
	if !ok || len(rest) == 0 {
		return link{}, false
	}
	switch {
	case rest[0].is("IN") && len(rest) == 2:
		return link{left, value}, true
	case rest[0].is("=") && len(rest) == 2 && rest[1].is("?"):
		return link{left, value}, true
	case rest[0].is("="):
		right, rest, ok := column(rest[1:])
		return link{left, right}, ok && len(rest) == 0
	}
	return link{}, false
}

// column reads `organization_id` or `alias.organization_id` at the start of a term.
func column(term []node) (alias string, rest []node, ok bool) {
	if len(term) > 0 && term[0].is("organization_id") {
		return "", term[1:], true
	}
	if len(term) > 2 && term[1].is(".") && term[2].is("organization_id") {
		return term[0].word, term[3:], true
	}
	return "", nil, false
}
