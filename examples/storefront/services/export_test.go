package services

import (
	"net/http/httptest"
	"strconv"
	"time"
)

// LatencyFor is what the model draws for a call at speed 1.
func (c *Cluster) LatencyFor(name, request, call string) time.Duration {
	return c.SecondLatencyFor(name, request, call, 0)
}

// SecondLatencyFor is LatencyFor a call that was made before so often.
func (c *Cluster) SecondLatencyFor(name, request, call string, before int) time.Duration {
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set(requestHeader, request)
	r.Header.Set(callHeader, call)
	r.Header.Set(beforeHeader, strconv.Itoa(before))
	s := c.services[name]
	fast := &service{Config: s.Config, median: s.median}
	fast.Speed = 1
	return fast.latency(r, nil)
}
