/**
 * @module test/support/eventstoredb/certificate
 *
 * A self-signed certificate of localhost and its key, for the stand-in server only. Anybody can read the key: it
 * protects nothing and must be trusted by nothing but these tests.
 */

export const CERTIFICATE_PEM = `-----BEGIN CERTIFICATE-----
MIIBpTCCAUugAwIBAgIUYFNK/VKhg7eyjLm5Vb3dOqGhQWUwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOd2l0YW4gc3RhbmQtaW4wIBcNMjYxMTIxMDQ1NTExWhgPMjEy
NjEwMjgwNDU1MTFaMBkxFzAVBgNVBAMMDndpdGFuIHN0YW5kLWluMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEXOBjHtSj8WdP4XSa5xZ68iRZMURl3DL2Wf1mgRfn
W3BaJm2aeVw+l9ejubWqwFw38mGn0t5tUFyPC25N98mT+KNvMG0wHQYDVR0OBBYE
FPya5dH5zEiMwnBirW1MMFDB1g3BMB8GA1UdIwQYMBaAFPya5dH5zEiMwnBirW1M
MFDB1g3BMA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/
AAABMAoGCCqGSM49BAMCA0gAMEUCIF1ebRzFELSWDP8oGrY+9s8eM7Rdtv65u4xu
J8+jB2v+AiEAwlOnoaHR2DQG2Stg/2foIJZSXcNLsfWm/lbsEGDpe2A=
-----END CERTIFICATE-----
`

export const PRIVATE_KEY_PEM = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgk/GTchTTZqEAVgSa
3ctyi04RT2cgtK4WtrBYAYuIvUmhRANCAARc4GMe1KPxZ0/hdJrnFnryJFkxRGXc
MvZZ/WaBF+dbcFombZp5XD6X16O5tarAXDfyYafS3m1QXI8Lbk33yZP4
-----END PRIVATE KEY-----
`
