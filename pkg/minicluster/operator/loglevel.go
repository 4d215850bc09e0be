package operator

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// logLevel is the verbosity that Mesos can raise for a while. Here it is remembered and nothing else.
type logLevel struct {
	mu    sync.Mutex
	value uint32
	until time.Time
}

func (l *logLevel) level() uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Now().After(l.until) {
		return 0
	}
	return l.value
}

const levelMax = 3

func (l *logLevel) set(level uint32, d time.Duration) error {
	if level > levelMax {
		return &master.CallError{Status: http.StatusBadRequest, Message: "Invalid level '" + strconv.Itoa(int(level)) + "'."}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.value, l.until = level, time.Now().Add(d)
	return nil
}

// toggle serves /logging/toggle?level=&duration=.
func (l *logLevel) toggle(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("level") == "" && q.Get("duration") == "" {
		_, _ = w.Write([]byte(strconv.Itoa(int(l.level())) + "\n"))
		return
	}
	level, err := strconv.ParseUint(q.Get("level"), 10, 32)
	if err != nil {
		refuseText(w, http.StatusBadRequest, "Expecting 'level=value' in query.\n")
		return
	}
	d, err := mesos.ParseDuration(q.Get("duration"))
	if err != nil {
		refuseText(w, http.StatusBadRequest, "Expecting 'duration=value' in query.\n")
		return
	}
	if err := l.set(uint32(level), d); err != nil {
		writeError(w, err)
	}
}
