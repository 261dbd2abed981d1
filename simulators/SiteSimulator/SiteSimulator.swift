// SiteSimulator
