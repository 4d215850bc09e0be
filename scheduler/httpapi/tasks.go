package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// taskRoutes are those of tasks, of one App or of all.
type taskRoutes struct{ *desk }

func (s *taskRoutes) listTasks(w http.ResponseWriter, r *http.Request) error {
	v := s.scheduler.View()
	if wantsText(r) {
		var apps []*view.App
		v.Apps(func(a *view.App) bool {
			apps = append(apps, a)
			return true
		})
		return plainTasks(w, r, apps)
	}
	states := statusFilter(r)
	tasks := []api.Task{}
	v.Apps(func(a *view.App) bool {
		for _, t := range tasksOf(a, time.Now()) {
			if len(states) == 0 || states[t.State] {
				tasks = append(tasks, t)
			}
		}
		return true
	})
	return replyList(w, "tasks", tasks, func(b []byte, t api.Task) ([]byte, error) { return t.AppendJSON(b) })
}

// statusFilter returns the states that the query asks for; none means all.
func statusFilter(r *http.Request) map[string]bool {
	states := map[string]bool{}
	q := r.URL.Query()
	for _, status := range append(q["status"], q["status[]"]...) {
		switch strings.ToLower(status) {
		case "running":
			states[mesos.TaskRunning.String()] = true
		case "staging":
			states[mesos.TaskStaging.String()] = true
			states[mesos.TaskStarting.String()] = true
		}
	}
	return states
}

// appsOf returns the App that an id names, or those that a wildcard id names.
func (s *taskRoutes) appsOf(id app.ID) ([]*view.App, error) {
	p := newPicture(s.scheduler.View())
	if g, ok := wildcard(id); ok {
		return p.in(g)
	}
	a, err := p.app(id)
	if err != nil {
		return nil, err
	}
	return []*view.App{a}, nil
}

func (s *taskRoutes) listAppTasks(id app.ID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		apps, err := s.appsOf(id)
		if err != nil {
			return err
		}
		if wantsText(r) {
			return plainTasks(w, r, apps)
		}
		tasks := []api.Task{}
		for _, a := range apps {
			tasks = append(tasks, tasksOf(a, time.Now())...)
		}
		return reply(w, http.StatusOK, api.Tasks{Tasks: tasks})
	}
}

// kill is what the query of a request that ends tasks says.
type kill struct{ scale, wipe, force bool }

func killOf(r *http.Request) (kill, error) {
	k := kill{scale: flag(r, "scale", false), wipe: flag(r, "wipe", false), force: flag(r, "force", false)}
	if k.scale && k.wipe {
		return k, &api.Error{Status: http.StatusBadRequest,
			Message: "scale and wipe cannot both be true: scale lowers the app's instances, wipe replaces them elsewhere"}
	}
	return k, nil
}

func (s *taskRoutes) deleteAppTasks(id app.ID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		k, err := killOf(r)
		if err != nil {
			return err
		}
		apps, err := s.appsOf(id)
		if err != nil {
			return err
		}
		host := r.URL.Query().Get("host")
		var tasks []api.Task
		for _, a := range apps {
			for _, t := range tasksOf(a, time.Now()) {
				if host == "" || host == "*" || host == t.Host {
					tasks = append(tasks, t)
				}
			}
		}
		return s.kill(w, r, k, tasks)
	}
}

// deleteTask looks the task up by its id alone: old clients derive an App's
// path from it that is none.
func (s *taskRoutes) deleteTask(id string) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		k, err := killOf(r)
		if err != nil {
			return err
		}
		a, i, ok := s.scheduler.View().Instance(mesos.TaskID(id))
		if !ok || !shown(i) {
			return unknown("Task", id)
		}
		task := renderTask(a.Spec, i)
		if k.scale {
			return s.kill(w, r, k, []api.Task{task})
		}
		if _, err := s.do(r, core.KillTasks{Tasks: []mesos.TaskID{i.TaskID()}, Wipe: k.wipe, Force: k.force}); err != nil {
			return err
		}
		return reply(w, http.StatusOK, map[string]any{"task": task})
	}
}

// declareGone takes the caller's word that a task that is out of sight is dead.
func (s *taskRoutes) declareGone(id mesos.TaskID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, err := s.do(r, core.TaskGone{Task: id}); err != nil {
			return err
		}
		return reply(w, http.StatusOK, struct{}{})
	}
}

func (s *taskRoutes) deleteTasks(w http.ResponseWriter, r *http.Request) error {
	k, err := killOf(r)
	if err != nil {
		return err
	}
	data, err := s.body(r)
	if err != nil {
		return err
	}
	var body struct {
		IDs *[]string `json:"ids"`
	}
	if err := json.Unmarshal(data, &body); err != nil || body.IDs == nil {
		text := "expected {\"ids\": [task id, ...]}"
		if err != nil {
			text += ": " + err.Error()
		}
		return &api.Error{Status: http.StatusBadRequest, Message: "Invalid JSON", Text: text}
	}
	v := s.scheduler.View()
	var tasks []api.Task
	for _, id := range *body.IDs {
		if _, _, ok := instance.OfTask(mesos.TaskID(id)); !ok {
			return &api.Error{Status: http.StatusBadRequest, Message: fmt.Sprintf("%q is no task id, expected one such as web.instance-<uuid>._app.1", id)}
		}
		if a, i, ok := v.Instance(mesos.TaskID(id)); ok && shown(i) {
			tasks = append(tasks, renderTask(a.Spec, i))
		}
	}
	if k.scale && len(tasks) == 0 {
		return &api.Error{Status: http.StatusNotFound, Message: "None of the tasks exists; there is nothing to scale down"}
	}
	return s.kill(w, r, k, tasks)
}

// kill ends tasks and answers with those that end, or, when their Apps shrink, with the deployment.
func (s *taskRoutes) kill(w http.ResponseWriter, r *http.Request, k kill, tasks []api.Task) error {
	cmd := core.KillTasks{Scale: k.scale, Wipe: k.wipe, Force: k.force}
	for _, t := range tasks {
		cmd.Tasks = append(cmd.Tasks, mesos.TaskID(t.ID))
	}
	var result core.Result
	if len(tasks) > 0 || k.scale {
		var err error
		if result, err = s.do(r, cmd); err != nil {
			return err
		}
	}
	if k.scale {
		return started(w, http.StatusOK, result)
	}
	ends := make(map[string]bool, len(result.Tasks))
	for _, id := range result.Tasks {
		ends[string(id)] = true
	}
	ended := slices.DeleteFunc(tasks, func(t api.Task) bool { return !ends[t.ID] })
	if ended == nil {
		ended = []api.Task{}
	}
	return reply(w, http.StatusOK, api.Tasks{Tasks: ended})
}
