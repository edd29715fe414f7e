"""Where addresses are: a geocoder that speaks Nominatim's HTTP."""
