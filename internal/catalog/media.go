package catalog

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

// Media is one picture of an organization. Its bytes lie in Files under the digest.
type Media struct {
	Meta
	Digest        string
	ContentType   string
	Bytes         int64
	Width, Height int
}

// Picture is a picture ready to be kept: decoded, bounded and encoded anew, so that what
// cameras and programs hide in files (places, names, thumbnails) is gone.
type Picture struct {
	Digest        string
	ContentType   string
	Data          []byte
	Width, Height int
}

// AddMedia stores a picture. It refuses whoever may not edit events or venues of the
// organization; the bytes are written before the row, so that a row never lacks them.
func (c *Catalog) AddMedia(ctx context.Context, who actor.Actor, organization int64,
	p Picture) (*Media, error) {
	if err := c.mayAddMedia(who, organization); err != nil {
		return nil, err
	}
	if err := c.cfg.Files.Put(ctx, p.Digest, p.Data); err != nil {
		return nil, err
	}
	m := &Media{Meta: Meta{Organization: organization}, Digest: p.Digest,
		ContentType: p.ContentType, Bytes: int64(len(p.Data)), Width: p.Width, Height: p.Height}
	return add(c, ctx, c.media, who, m, nil)
}

func (c *Catalog) mayAddMedia(who actor.Actor, organization int64) error {
	err := Allow(who, PermEvent, organization, 0)
	if err == nil {
		return nil
	}
	for _, g := range who.Grants {
		if who.May(PermEvent, organization, g.Venue) || who.May(PermVenue, organization, g.Venue) {
			return nil
		}
	}
	return err
}

// MediaFile is a picture's row and bytes, for everybody: pictures are public.
func (c *Catalog) MediaFile(ctx context.Context, id int64) (*Media, []byte, error) {
	m, err := c.cfg.Stores.Media.One(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	data, err := c.cfg.Files.Get(ctx, m.Digest)
	return m, data, err
}

// ownMedia collects a problem for each picture that is not the organization's.
func (c *Catalog) ownMedia(tx *sqldb.Tx, p *checker, scope actor.Scope, field string,
	ids ...idgen.ID) error {
	for _, id := range ids {
		if id == 0 {
			continue
		}
		if _, err := c.cfg.Stores.Media.Find(tx, scope, id); isMissing(err) {
			p.Add(field, "is not a picture of yours / 图片不存在")
		} else if err != nil {
			return err
		}
	}
	return nil
}
