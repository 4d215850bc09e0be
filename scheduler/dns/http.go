package dns

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/miekg/dns"
)

// Handler serves Mesos-DNS' HTTP interface, for what asks that instead of DNS.
func (s *Server) Handler(version string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/version", func(w http.ResponseWriter, _ *http.Request) {
		show(w, map[string]string{"Service": "Gantry DNS", "Version": version, "URL": "https://github.com/gantry-mesos/gantry"})
	})
	mux.HandleFunc("GET /v1/config", func(w http.ResponseWriter, _ *http.Request) {
		show(w, map[string]any{"Domain": s.cfg.Names.Domain, "TTL": int(s.cfg.TTL.Seconds()), "DNSOn": true, "HTTPOn": true, "ExternalOn": false})
	})
	mux.HandleFunc("GET /v1/hosts/{host}", s.known(func(z *Zone, r *http.Request) any { return z.hosts(r.PathValue("host")) }))
	mux.HandleFunc("GET /v1/services/{service}", s.known(func(z *Zone, r *http.Request) any { return z.services(r.PathValue("service")) }))
	mux.HandleFunc("GET /v1/enumerate", s.known(func(z *Zone, _ *http.Request) any { return z.enumerate() }))
	mux.HandleFunc("GET /v1/axfr", s.known(func(z *Zone, _ *http.Request) any { return z.transfer(int(s.cfg.TTL.Seconds())) }))
	return mux
}

// known answers from the zone, and fails while there is none.
func (s *Server) known(answer func(*Zone, *http.Request) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		z := s.zone.Load()
		if z == nil {
			http.Error(w, "the names are not known yet; try again", http.StatusServiceUnavailable)
			return
		}
		show(w, answer(z, r))
	}
}

func show(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client is gone; nobody to tell
}

type shownHost struct {
	Host string `json:"host"`
	IP   string `json:"ip"`
}

type shownService struct {
	Service string `json:"service"`
	Host    string `json:"host"`
	IP      string `json:"ip"`
	Port    string `json:"port"`
}

// find returns what a name leads to, which may lack the dot at its end.
func (z *Zone) find(name string) (string, *node) {
	name = strings.ToLower(dns.Fqdn(name))
	return name, z.nodes[name]
}

// hosts lists the addresses of a name. Where there are none there is one empty
// object, as with Mesos-DNS.
func (z *Zone) hosts(name string) []shownHost {
	var out []shownHost
	if full, n := z.find(name); n != nil {
		for _, ip := range append(n.v4[:len(n.v4):len(n.v4)], n.v6...) {
			out = append(out, shownHost{full, ip.String()})
		}
	}
	if out == nil {
		out = []shownHost{{}}
	}
	return out
}

func (z *Zone) services(name string) []shownService {
	var out []shownService
	if _, n := z.find(name); n != nil {
		for _, s := range n.services {
			shown := shownService{Service: name, Host: s.target, Port: s.text()}
			if at := z.nodes[s.target]; at != nil && len(at.v4)+len(at.v6) > 0 {
				shown.IP = append(at.v4[:len(at.v4):len(at.v4)], at.v6...)[0].String()
			}
			out = append(out, shown)
		}
	}
	if out == nil {
		out = []shownService{{}}
	}
	return out
}

func (z *Zone) enumerate() any {
	type task struct {
		Name    string   `json:"name"`
		ID      string   `json:"id"`
		Records []record `json:"records"`
	}
	tasks := []task{}
	for _, t := range z.tasks {
		tasks = append(tasks, task{t.name, t.id, t.records})
	}
	return map[string]any{"frameworks": []any{map[string]any{"name": z.names.Framework, "tasks": tasks}}}
}

func (z *Zone) transfer(ttl int) any {
	as, aaaas, srvs := map[string][]string{}, map[string][]string{}, map[string][]string{}
	for name, n := range z.nodes {
		for _, ip := range n.v4 {
			as[name] = append(as[name], ip.String())
		}
		for _, ip := range n.v6 {
			aaaas[name] = append(aaaas[name], ip.String())
		}
		for _, s := range n.services {
			srvs[name] = append(srvs[name], s.target+":"+s.text())
		}
	}
	return map[string]any{
		"TTL": ttl, "Serial": z.serial, "RefreshSeconds": 0, "Mname": "ns1." + z.names.Domain + ".",
		"Rname": "root.ns1." + z.names.Domain + ".", "Domain": z.names.Domain,
		"Records": map[string]any{"As": as, "AAAAs": aaaas, "SRVs": srvs},
	}
}
