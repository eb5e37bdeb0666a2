package main

import "errors"

type importCmd struct{}

// Run is wired with the importers.
func (c *importCmd) Run(*environment) error { return errors.New("later in this file") }

type backupCmd struct{}

func (c *backupCmd) Run(*environment) error { return errors.New("x") }

type restoreCmd struct{}

func (c *restoreCmd) Run(*environment) error { return errors.New("x") }

type keysCmd struct{}

func (c *keysCmd) Run(*environment) error { return errors.New("x") }

type benchCmd struct{}

func (c *benchCmd) Run(*environment) error { return errors.New("x") }

type doctorCmd struct{}

func (c *doctorCmd) Run(*environment) error { return errors.New("x") }
