/* Drawings of categories, on a grid of 24. The table is JSON as well: the server draws the same of it. */

export const DRAWN = {
  "Printing": "M7 9V3.500h10V9M7 17H4V9h16v8h-3M7 14h10v6.500H7zM16.5 11.500h.1",
  "Cables": "M8 3v4M12 3v4M6 7h8v3a4 4 0 0 1-8 0V7ZM10 14v2.500a4 4 0 0 0 8 0V12M16 12h4V8.500a2 2 0 0 0-4 0V12Z",
  "Power": "M3.5 8h14v8h-14zM20.5 11v2M11 9.5 8.5 12.500h4L10 15",
  "Storage": "M4 13 6.5 5h11L20 13M4 13h16v6H4zM16.5 16h.1M13.5 16h.1",
  "Components": "M7 7h10v10H7zM10 10h4v4h-4zM9.5 4v3M14.5 4v3M9.5 17v3M14.5 17v3M4 9.500h3M4 14.500h3M17 9.500h3M17 14.500h3",
  "Office": "M5 20.500v-17h9l5 5v12zM14 3.500v5h5M8.5 13h7M8.5 16.500h5",
  "Networking": "M4 15h16v5H4zM7.5 17.500h.1M10.5 17.500h.1M12 15v-3M8.5 9.500a5 5 0 0 1 7 0M6 6.500a8.5 8.5 0 0 1 12 0",
  "Displays": "M3 4.500h18v12H3zM12 16.500V20M8 20h8",
  "Computers": "M5 5h14v10.500H5zM2.5 19h19l-2.5-3.500H5z",
  "Accessories": "M12 3.500c-3 0-5 2-5 5v7c0 3 2 5 5 5s5-2 5-5v-7c0-3-2-5-5-5ZM12 3.500V10M7 10h10",
  "Audio": "M4 15v-3a8 8 0 0 1 16 0v3M4 14h3.500v6H4zM16.5 14H20v6h-3.500z",
  "Cameras": "M3 7.500h4L9 5h6l2 2.500h4V19H3zM12 16.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z",
  "Home": "M9.5 14 12 4l2.5 10M7 14h10M12 14v6M8.5 20h7",
  "TV & Video": "M3 7h18v11H3zM8.5 3 12 7l3.5-4M7 21h10",
  "Toys": "M4 10h16v10H4zM6 10V7h4v3M14 10V7h4v3",
  "Phones": "M7.5 3h9v18h-9zM10.5 18h3",
  "Services": "M12 3l7.5 3v5.500c0 4.5-3 7.5-7.5 9.5-4.5-2-7.5-5-7.5-9.500V6L12 3ZM8.5 12l2.5 2.5 4.5-5",
  "Software": "M3 5h18v14H3zM3 9h18M10 12l-2 2 2 2M14 12l2 2-2 2",
  "Other": "M12 3 3.5 7.500v9L12 21l8.5-4.500v-9L12 3ZM3.5 7.5 12 12l8.5-4.500M12 12v9"
};
