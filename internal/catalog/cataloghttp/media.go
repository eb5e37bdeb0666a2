package cataloghttp

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"foyer/internal/catalog"
	"foyer/internal/catalog/picture"
	"foyer/internal/fault"
	"foyer/internal/httpx"
)

type mediaAnswer struct {
	ID          string `json:"id"`
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
	Bytes       int64  `json:"bytes"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
}

type mediaPath struct {
	Org string `path:"org" maxLength:"64"`
}

func (d *door) mountMedia(api *httpx.API) {
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodPost,
		Path:        root + "/staff/organizations/{org}/media",
		OperationID: "upload-media", Summary: "Upload a picture", Tag: "staff: catalog",
		Description: "JPEG, PNG or WebP, as the body itself or as the one file of a form. It is " +
			"decoded, turned upright, bounded to 2,560 pixels a side and encoded anew; what " +
			"cameras hide in files is dropped.",
		Access: httpx.AnyOf(httpx.StaffOnly(catalog.PermEvent), httpx.StaffOnly(catalog.PermVenue)),
		Params: mediaPath{}, Accepts: "image/*", Response: mediaAnswer{},
		Status: http.StatusCreated, MaxBody: picture.MaxBytes + 4096,
		Refusals: []*fault.Definition{fault.Missing, catalog.ErrImage, catalog.ErrImageSize,
			catalog.ErrImagesBusy}}, d.upload)
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodGet, Path: root + "/media/{id}",
		OperationID: "get-media", Summary: "A picture", Tag: "catalog",
		Description: "The picture itself. It never changes, so keep it for ever.",
		Access:      httpx.Public, Params: idPath{}, Produces: "image/*",
		Refusals: []*fault.Definition{fault.Missing}}, d.media)
}

func (d *door) upload(w http.ResponseWriter, r *http.Request) error {
	who, org, err := d.sees(r.Context(), r.PathValue("org"))
	if err != nil {
		return err
	}
	data, err := uploaded(r)
	if err != nil {
		return err
	}
	p, err := d.pictures.Read(r.Context(), data)
	if err != nil {
		return err
	}
	m, err := d.c.AddMedia(r.Context(), who, org, p)
	if err != nil {
		return err
	}
	id := d.public(catalog.KindMedia, m.ID)
	return httpx.WriteJSON(w, r, http.StatusCreated, mediaAnswer{id, catalog.MediaPath(id),
		m.ContentType, m.Bytes, m.Width, m.Height})
}

// uploaded reads the picture: the body, or the first file of a form.
func uploaded(r *http.Request) ([]byte, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, httpx.WrongContentType
	}
	switch media {
	case "image/jpeg", "image/png", "image/webp", "application/octet-stream":
		return httpx.ReadBody(r, picture.MaxBytes)
	case "multipart/form-data":
		return fromForm(r, params["boundary"])
	}
	return nil, httpx.WrongContentType
}

// maxParts bounds the fields that may come before the file.
const maxParts = 10

func fromForm(r *http.Request, boundary string) ([]byte, error) {
	if boundary == "" {
		return nil, httpx.Malformed
	}
	form := multipart.NewReader(r.Body, boundary)
	for range maxParts {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, httpx.Malformed.Wrap(err)
		}
		if part.FileName() == "" {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(part, picture.MaxBytes+1))
		if err != nil {
			return nil, httpx.Malformed.Wrap(err)
		}
		return data, nil
	}
	return nil, fault.BadInput.At("file", "the form has no file / 没有上传文件")
}

func (d *door) media(w http.ResponseWriter, r *http.Request) error {
	id, err := d.keys.Parse(catalog.KindMedia, r.PathValue("id"))
	if err != nil {
		return err
	}
	m, data, err := d.c.MediaFile(r.Context(), id)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Cache-Control"] = []string{"public, max-age=31536000, immutable"}
	h["Etag"] = []string{`"` + m.Digest[:32] + `"`}
	httpx.WriteBytes(w, r, http.StatusOK, m.ContentType, data)
	return nil
}
