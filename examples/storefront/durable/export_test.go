package durable

import "go.temporal.io/sdk/client"

// Lock is what Open takes of a folder.
var Lock = lock

// Client is connected to the engine's server.
func (e *Engine) Client() client.Client { return e.client }
