package fairshare

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Request is the waiting instances of one App.
type Request struct {
	App app.ID
	// Queue is the path of the queue that it stands in, such as "/prod" or "/prod/web".
	Queue string
	// Need is what the task of one instance takes.
	Need resource.Vector
	// Priority orders the Apps of one queue, the highest first; 0 is ordinary.
	Priority int
	// Count is how many instances wait.
	Count int
	// Owner is whatever the caller knows the App by.
	Owner any
}

// Item is a Request in the Tree.
type Item struct {
	Request
	// Since is when the App began to wait or last made progress.
	Since time.Time

	leaf *node
	// seq is the order of arrival; prev and next are the neighbours in line.
	seq        uint64
	prev, next *Item
	// lined says that it stands in line.
	lined bool
	// over is the queue whose limit it was passed over for, nil usually.
	over *node
}

// wait adds to the number of instances that wait, here and in the queues above.
func (it *Item) wait(n int) {
	it.Count += n
	for q := it.leaf; q != nil; q = q.parent {
		q.waiting += n
	}
}
