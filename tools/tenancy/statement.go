package main

import (
	"regexp"
	"slices"
	"strings"
)

// node is a word, a mark or sign of SQL, or a group in parentheses.
type node struct {
	word  string // upper case for keywords is the reader's business; empty for a group
	group []node
}

func (n node) is(words ...string) bool {
	return n.word != "" && slices.ContainsFunc(words, func(w string) bool {
		return strings.EqualFold(n.word, w)
	})
}

var (
	comment = regexp.MustCompile(`(?s)/\*.*?\*/|--[^\n]*`)
	// reason is the comment that lets a statement serve all organizations.
	reason = regexp.MustCompile(`/\* any organization: \S[^*]*\S \*/`)
	tokens = regexp.MustCompile("(?s)'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|<>|<=|>=|" +
		"!=|[^\\s]")
)

// parse makes the tree of a text. A text that is only the beginning of a statement leaves
// its last groups open, and they end where it ends.
func parse(sql string) []node {
	words := tokens.FindAllString(comment.ReplaceAllString(sql, " "), -1)
	tree, _ := nest(words)
	return tree
}

func nest(words []string) (tree []node, rest []string) {
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		switch w {
		case "(":
			var in []node
			in, words = nest(words)
			tree = append(tree, node{group: in})
		case ")":
			return tree, words
		case "`", "\"":
		default:
			tree = append(tree, node{word: w})
		}
	}
	return tree, nil
}

// use is one table in a statement.
type use struct {
	table, alias string
	// bound says that the statement names this table's organization.
	bound bool
	// write says that the statement changes the table.
	write bool
	// moved says that it gives rows to another organization.
	moved bool
	// insert says that rows come in, so that a column and not a condition must name it.
	insert bool
}

// reader gathers the tables of a statement with those of every query inside it.
type reader struct {
	uses []use
	made map[string]bool // names that WITH gives to queries
}

// outer are aliases of the queries around one: what they name is bound where they stand.
func (r *reader) statement(tree []node, outer []string) {
	switch {
	case len(tree) == 0:
	case tree[0].is("WITH"):
		r.with(tree, outer)
	case tree[0].is("SELECT"):
		for _, part := range split(tree, "UNION", "EXCEPT", "INTERSECT") {
			r.query(part, outer)
		}
	case tree[0].is("INSERT", "REPLACE"):
		r.insert(tree, outer)
	case tree[0].is("UPDATE"):
		r.update(tree, outer)
	case tree[0].is("DELETE", "TRUNCATE"):
		r.remove(tree, outer)
	case tree[0].is("CREATE", "DROP", "ALTER"):
		if i := at(tree, "TABLE"); i >= 0 && i+1 < len(tree) {
			for i++; i+1 < len(tree) && tree[i].is("IF", "NOT", "EXISTS"); i++ {
			}
			r.uses = append(r.uses, use{table: tree[i].word, write: true, bound: true})
		}
	}
}

// with reads WITH name AS (query), … statement.
func (r *reader) with(tree []node, outer []string) {
	for i := 1; i < len(tree); i++ {
		if tree[i].is("SELECT", "INSERT", "UPDATE", "DELETE") {
			r.statement(tree[i:], outer)
			return
		}
		if tree[i].is("AS") && i > 0 {
			name := tree[i-1].word
			if name == "" && i > 1 {
				name = tree[i-2].word
			}
			r.made[strings.ToLower(name)] = true
		}
		r.statement(tree[i].group, outer)
	}
}

// query reads one SELECT without its unions.
func (r *reader) query(tree []node, outer []string) {
	from := at(tree, "FROM")
	if from < 0 {
		r.inside(tree, outer)
		return
	}
	end := len(tree)
	if i := at(tree[from:], "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "WINDOW"); i >= 0 {
		end = from + i
	}
	tables, terms := sources(tree[from+1 : end])
	terms = append(terms, conditions(tree[end:])...)
	bind(tables, terms, outer)
	r.uses = append(r.uses, tables...)
	for _, u := range tables {
		outer = append(slices.Clip(outer), u.alias)
	}
	r.inside(tree, outer)
}

// inside reads the queries in the groups of a tree.
func (r *reader) inside(tree []node, outer []string) {
	for _, n := range tree {
		if len(n.group) > 0 && n.group[0].is("SELECT", "WITH") {
			r.statement(n.group, outer)
		} else {
			r.inside(n.group, outer)
		}
	}
}

func (r *reader) insert(tree []node, outer []string) {
	i := at(tree, "INTO") + 1
	if i >= len(tree) {
		return
	}
	u := use{table: tree[i].word, write: true, insert: true}
	if i+1 < len(tree) {
		u.bound = at(tree[i+1].group, "organization_id") >= 0
	}
	r.uses = append(r.uses, u)
	if s := at(tree, "SELECT"); s >= 0 {
		r.statement(tree[s:], outer)
		return
	}
	r.inside(tree, outer)
}

func (r *reader) update(tree []node, outer []string) {
	set, where := at(tree, "SET"), at(tree, "WHERE")
	if set < 0 || len(tree) < 2 {
		return
	}
	if where < 0 {
		where = len(tree)
	}
	tables, terms := sources(tree[1:set])
	bind(tables, append(terms, conditions(tree[where:])...), outer)
	for i := range tables {
		tables[i].write = true
		tables[i].moved = at(tree[set:where], "organization_id") >= 0
	}
	r.uses = append(r.uses, tables...)
	for _, u := range tables {
		outer = append(slices.Clip(outer), u.alias)
	}
	r.inside(tree[set:], outer)
}

func (r *reader) remove(tree []node, outer []string) {
	i := at(tree, "FROM", "TABLE") + 1
	where := at(tree, "WHERE")
	if where < 0 {
		where = len(tree)
	}
	if i >= where {
		return
	}
	tables, terms := sources(tree[i:where])
	bind(tables, append(terms, conditions(tree[where:])...), outer)
	for i := range tables {
		tables[i].write = true
	}
	r.uses = append(r.uses, tables...)
	r.inside(tree[where:], append(slices.Clip(outer), tables[0].alias))
}

// at is where one of the words stands first at this depth, or -1.
func at(tree []node, words ...string) int {
	return slices.IndexFunc(tree, func(n node) bool { return n.is(words...) })
}

// split cuts at words of this depth and drops the word ALL behind them.
func split(tree []node, words ...string) [][]node {
	var parts [][]node
	start := 0
	for i, n := range tree {
		if n.is(words...) {
			parts = append(parts, tree[start:i])
			start = i + 1
			if start < len(tree) && tree[start].is("ALL", "DISTINCT") {
				start++
			}
		}
	}
	return append(parts, tree[start:])
}
