package endpoint

import (
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// Changes is what happened to the table after an index, or all of it.
type Changes struct {
	// Index is that of the newest change, "<term>.<number>".
	Index string `json:"index"`
	// Full says that this is the whole table, and what is not named is not in it.
	Full bool `json:"full"`
	// Apps are those that changed; Endpoints has all of theirs.
	Apps      []*App      `json:"apps"`
	Endpoints []*Endpoint `json:"endpoints"`
	// Removed are the keys of endpoints that are gone, RemovedApps the Apps that are,
	// with all of their endpoints.
	Removed     []string `json:"removed"`
	RemovedApps []app.ID `json:"removedApps"`
}

// Index is a place in the history of the tables.
type Index struct {
	// Term is of the scheduler that keeps the table, greater than those before it.
	Term uint64
	// Number counts the table's changes.
	Number uint64
}

// String returns the index as it travels, "<term>.<number>".
func (i Index) String() string {
	return strconv.FormatUint(i.Term, 10) + "." + strconv.FormatUint(i.Number, 10)
}

// ParseIndex reads an index; ok is false if it is none.
func ParseIndex(text string) (i Index, ok bool) {
	term, number, ok := strings.Cut(text, ".")
	if !ok {
		return Index{}, false
	}
	var err1, err2 error
	i.Term, err1 = strconv.ParseUint(term, 10, 64)
	i.Number, err2 = strconv.ParseUint(number, 10, 64)
	return i, err1 == nil && err2 == nil
}
