// Command hello is the smallest useful service: it says who answers. It runs
// in an image made FROM scratch and shows what a task of Gantry's sees.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// answer is what every request gets.
type answer struct {
	Host     string `json:"host"`
	Port     string `json:"port"`
	App      string `json:"app,omitempty"`
	Version  string `json:"version,omitempty"`
	Task     string `json:"task,omitempty"`
	Instance string `json:"instance,omitempty"`
	Agent    string `json:"agent,omitempty"`
	Path     string `json:"path"`
	Greeting string `json:"greeting"`
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", ":"+listenPort(os.Getenv))
	if err != nil {
		return err
	}
	return serve(ctx, listener, os.Getenv)
}

// listenPort is where the task must listen: LISTEN_PORT if the app says so (a
// container's own port), else the first port that Gantry gave it, else 8080.
func listenPort(getenv func(string) string) string {
	for _, name := range []string{"LISTEN_PORT", "PORT0", "PORT"} {
		if p := getenv(name); p != "" {
			return p
		}
	}
	return "8080"
}

// serve answers until ctx ends, then finishes the requests under way.
func serve(ctx context.Context, listener net.Listener, getenv func(string) string) error {
	server := &http.Server{Handler: handler(getenv), ReadHeaderTimeout: 5 * time.Second}
	log.Printf("listening on %s", listener.Addr())
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	log.Print("stopping")
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		return err
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func handler(getenv func(string) string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		host, _ := os.Hostname()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer{
			Host: host, Port: getenv("PORT0"), App: getenv("MARATHON_APP_ID"), Version: getenv("MARATHON_APP_VERSION"),
			Task: getenv("MESOS_TASK_ID"), Instance: instance(getenv("MESOS_TASK_ID")), Agent: getenv("HOST"), Path: r.URL.Path, Greeting: "hello",
		})
	})
	return mux
}
