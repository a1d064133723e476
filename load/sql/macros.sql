-- Metres for a degree northwards and eastwards at a latitude, on the ellipsoid of WGS 84:
-- the radii of curvature of the meridian and of the parallel.
create macro metres_north(latitude) as
pi() / 180 * 6378137.0 * (1 - 0.00669437999014)
/ pow(1 - 0.00669437999014 * pow(sin(radians(latitude)), 2), 1.5);

create macro metres_east(latitude) as
pi() / 180 * 6378137.0 * cos(radians(latitude))
/ sqrt(1 - 0.00669437999014 * pow(sin(radians(latitude)), 2));
