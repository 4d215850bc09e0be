package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// wantsText reports whether the client likes text better than JSON, which is what
// everybody else gets.
func wantsText(r *http.Request) bool { return preferred(r, kindJSON, kindText) == kindText }

// plainTasks writes the list that HAProxy bridges read: one line for each App
// and service port with the endpoints of its running tasks ("Marathon,
// text/plain task list").
func plainTasks(w http.ResponseWriter, r *http.Request, apps []*view.App) error {
	networks := strings.Split(r.URL.Query().Get("containerNetworks"), ",")
	var b strings.Builder
	for _, a := range apps {
		plainApp(&b, a, networks)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(b.String())) // the client is gone; nobody to tell
	return nil
}

func plainApp(b *strings.Builder, a *view.App, networks []string) {
	name := a.Spec.ID.Underscored()
	running := slices.DeleteFunc(slices.Clone(a.Instances), func(i *instance.Instance) bool { return i.Condition != instance.Running })
	if len(a.Spec.Ports) == 0 {
		fmt.Fprintf(b, "%s\t \t", name)
		for _, i := range running {
			fmt.Fprintf(b, "%s ", i.Hostname)
		}
		b.WriteByte('\n')
		return
	}
	hostPorts := 0
	for _, p := range a.Spec.Ports {
		fmt.Fprintf(b, "%s\t%d\t", name, p.ServicePort)
		for _, i := range running {
			switch {
			case p.HostPort != nil:
				if hostPorts < len(i.HostPorts) {
					fmt.Fprintf(b, "%s:%d\t", i.Hostname, i.HostPorts[hostPorts])
				}
			case len(i.IPAddresses) > 0 && onNetwork(a, networks):
				fmt.Fprintf(b, "%s:%d\t", i.IPAddresses[0], p.ContainerPort)
			}
		}
		b.WriteByte('\n')
		if p.HostPort != nil {
			hostPorts++
		}
	}
}

// onNetwork reports whether an App is on one of the named container networks.
func onNetwork(a *view.App, names []string) bool {
	for _, n := range a.Spec.Networks {
		if slices.Contains(names, "*") || n.Name != "" && slices.Contains(names, n.Name) {
			return true
		}
	}
	return false
}
