// Package zkurl parses the addresses of ZooKeeper ensembles that Mesos and its
// frameworks use: zk://[user:password@]host1:port,host2:port/path.
package zkurl

import (
	"errors"
	"fmt"
	"net"
	"path"
	"strconv"
	"strings"
)

// Scheme is how every address starts.
const Scheme = "zk://"

// DefaultPort is ZooKeeper's client port, used where a host has none.
const DefaultPort = 2181

// URL is a parsed address. Its Hosts and Path are never empty when it comes
// from Parse.
type URL struct {
	Hosts    []string // "host:port" each, in the order written
	Path     string   // absolute, clean, never "/"
	User     string   // digest credentials; empty: none
	Password string
}

// Is reports whether s claims to be a ZooKeeper address, well formed or not.
func Is(s string) bool { return strings.HasPrefix(s, Scheme) }

// Parse reads an address. Hosts without port get DefaultPort. The path is
// required, as Mesos requires it: nothing of ours may lie in ZooKeeper's root.
// Errors show the address without its password.
func Parse(s string) (URL, error) {
	u, err := parse(s)
	if err != nil {
		return URL{}, fmt.Errorf("ZooKeeper address %q: %w; expected zk://[user:password@]host1:2181,host2:2181/path", HidePassword(s), err)
	}
	return u, nil
}

func parse(s string) (URL, error) {
	rest, ok := strings.CutPrefix(s, Scheme)
	if !ok {
		return URL{}, errors.New("does not start with zk://")
	}
	var u URL
	// A password may hold a slash or an @; neither a host nor a path of ours holds an @.
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, password, ok := strings.Cut(rest[:at], ":")
		if !ok || user == "" || password == "" {
			return URL{}, errors.New("credentials need the form user:password")
		}
		u.User, u.Password, rest = user, password, rest[at+1:]
	}
	hosts, znode, ok := strings.Cut(rest, "/")
	if !ok || strings.Trim(znode, "/") == "" {
		return URL{}, errors.New("the path is missing")
	}
	p, err := cleanPath(znode)
	if err != nil {
		return URL{}, err
	}
	u.Path = p
	for host := range strings.SplitSeq(hosts, ",") {
		hostport, err := withPort(host)
		if err != nil {
			return URL{}, err
		}
		u.Hosts = append(u.Hosts, hostport)
	}
	return u, nil
}

func cleanPath(znode string) (string, error) {
	for segment := range strings.SplitSeq(strings.Trim(znode, "/"), "/") {
		switch segment {
		case "":
			return "", errors.New("the path has an empty part")
		case ".", "..":
			return "", fmt.Errorf("the path may not hold %q", segment)
		}
		if strings.ContainsFunc(segment, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", errors.New("the path holds a control character")
		}
	}
	return "/" + strings.Trim(znode, "/"), nil
}

func withPort(host string) (string, error) {
	if host == "" {
		return "", errors.New("a host is empty")
	}
	name, port := host, strconv.Itoa(DefaultPort)
	bracketed := strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]")
	switch {
	case bracketed:
		name = host[1 : len(host)-1]
	case strings.Contains(host, ":"):
		var err error
		if name, port, err = net.SplitHostPort(host); err != nil {
			return "", fmt.Errorf("host %q: an IPv6 address needs brackets", host)
		}
	}
	if name == "" || strings.ContainsAny(name, " \t[]/") {
		return "", fmt.Errorf("host %q has no valid name", host)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", fmt.Errorf("host %q: port %q is not a number from 1 to 65535", host, port)
	}
	return net.JoinHostPort(name, strconv.FormatUint(n, 10)), nil
}

// Join returns the absolute path of a znode below the URL's path.
func (u URL) Join(elem ...string) string {
	return path.Join(append([]string{u.Path}, elem...)...)
}

// String returns the address with the password replaced by stars, fit for logs.
func (u URL) String() string {
	var b strings.Builder
	b.WriteString(Scheme)
	if u.User != "" {
		b.WriteString(u.User + ":***@")
	}
	b.WriteString(strings.Join(u.Hosts, ","))
	b.WriteString(u.Path)
	return b.String()
}

// HidePassword returns an address, well formed or not, without the password in it.
func HidePassword(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s
	}
	start := 0
	if i := strings.Index(s, "://"); i >= 0 && i < at {
		start = i + len("://")
	}
	user, _, ok := strings.Cut(s[start:at], ":")
	if !ok {
		return s[:start] + "***" + s[at:]
	}
	return s[:start] + user + ":***" + s[at:]
}
