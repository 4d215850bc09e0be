// Package matching brings together what Mesos offers and what waits for it.
//
// The Market has both sides: the offers in hand (a placement.Cluster) and the
// Apps whose instances wait (a fairshare.Tree, which knows whose turn it is). It
// owns everything that is between them:
//
//	line      which Apps wait, and which of them rest until their back-off is over
//	charge    what the tasks of each queue use, quotas and the size of the cluster
//	demand    what placement has prepared for an App, with the instances that its
//	          constraints count and the agents it failed on
//	faults    agents on which tasks of any App failed lately, to be tried last
//	hoards    agents that are held for Apps whose instances are too large for what
//	          becomes free in small parts
//	wishes    what the master was told about the wish for offers: suppress, revive,
//	          the filters of declines
//
// It hears of every change of an instance as an observer of the roster, and of
// offers and of the master by the methods of their names. What follows from that
// it keeps in mind by itself: that it is worth looking at the offers again, that
// there is a new wish to ask offers for, that the shares have changed.
//
// A pass places what waits, one instance at a time:
//
//	if Begin() {
//		for m := Next(&at); m != nil; m = Next(&at) {
//			// m gets a record of a launched instance, before the next one
//		}
//		refuse := End(spots)
//	}
//	Steer()
//
// Begin says whether anything has changed on either side since the last pass; End
// takes the offers that were used out; Steer gives back what nobody needs, and
// asks for more as long as something finds no place.
//
// What has to be done again at some time stands in the scheduler's one queue of
// timers, as a *Timer that is brought back to Due. The package does no input or
// output, reads no clock and holds no lock: the scheduler's core steps it. Calls
// to Mesos are handed to Config.Call, which has them sent after the step.
package matching
