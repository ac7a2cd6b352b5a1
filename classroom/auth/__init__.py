"""Who is asking: passwords (argon2id), sessions of accounts (a random id, stored hashed), signed tokens (JWT) of
guests, third-party publishers and room devices. Everything ends in a `Principal`; what it may do is the affair of
`classroom.access`.
"""
