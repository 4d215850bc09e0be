// Package corpus holds App definitions that cover every member and every older form
// of Marathon's, each with what the API answers, and tries them on a real server.
package corpus
