// SPDX-License-Identifier: GPL-2.0

// goserver: a server of HTTP, whose handlers are chosen by net/http's own ServeMux, for the
// tests of probes in programs of Go. It prints its port; /stop ends it, and answers how many
// requests there were before.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
)

func main() {
	var requests int64
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	stop := make(chan bool, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		atomic.AddInt64(&requests, 1)
		fmt.Fprintln(w, "hello")
	})
	mux.HandleFunc("/stop", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, atomic.LoadInt64(&requests))
		stop <- true
	})
	server := &http.Server{Handler: mux}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go server.Serve(listener)
	<-stop
	server.Shutdown(context.Background())
}
