// Package gorm has the signatures of gorm, without what they do.
package gorm

import "context"

type DB struct{ Error error }

func (db *DB) Begin() *DB                              { return db }
func (db *DB) Commit() *DB                             { return db }
func (db *DB) Rollback() *DB                           { return db }
func (db *DB) WithContext(ctx context.Context) *DB     { return db }
func (db *DB) Where(query any, args ...any) *DB        { return db }
func (db *DB) First(dest any, conds ...any) *DB        { return db }
func (db *DB) Find(dest any, conds ...any) *DB         { return db }
func (db *DB) Create(value any) *DB                    { return db }
func (db *DB) Transaction(fn func(tx *DB) error) error { return nil }
