package services

import (
	"net/http/httptest"
	"time"
)

// LatencyFor is what the model draws for a call at speed 1.
func (c *Cluster) LatencyFor(name, request, call string) time.Duration {
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set(requestHeader, request)
	r.Header.Set(callHeader, call)
	s := c.services[name]
	fast := &service{Config: s.Config, median: s.median}
	fast.Speed = 1
	return fast.latency(r, nil)
}
