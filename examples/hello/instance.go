package main

import "strings"

// instance is the part of a task id before its run: "web.instance-1._app.2"
// is run 2 of instance "web.instance-1".
func instance(task string) string {
	id, _, _ := strings.Cut(task, "._app.")
	return id
}
