"""Analytics: indicators against independent vectors, downsampling against brute force."""
