--- Where answers stream to: one window that shows the newest task, one buffer a task.
local options = require("rolecall.options")

local M = {}

local window ---@type integer?
local buffers = {} ---@type table<string, integer>
local waiting = {} ---@type table<string, string[]>
local scheduled = false

local function is_open()
  return window ~= nil and vim.api.nvim_win_is_valid(window)
end

local function new_buffer(name, filetype)
  local buffer = vim.api.nvim_create_buf(false, true)
  pcall(vim.api.nvim_buf_set_name, buffer, name)
  vim.bo[buffer].bufhidden = "hide"
  vim.bo[buffer].filetype = filetype
  vim.bo[buffer].modifiable = false
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = buffer, desc = "Close the window", nowait = true })
  return buffer
end

--- Windows look different from what the user edits in: no numbers, long lines wrapped at words.
local function dress()
  for name, value in pairs({
    number = false,
    relativenumber = false,
    signcolumn = "no",
    spell = false,
    list = false,
    wrap = true,
    linebreak = true,
    winfixheight = true,
    statusline = " Rolecall%=q closes, :Rolecall cancel stops ",
  }) do
    vim.api.nvim_set_option_value(name, value, { win = window, scope = "local" })
  end
end

local function float_config(size)
  local width = math.min(100, math.floor(vim.o.columns * 0.8))
  local height = math.min(size, math.max(1, vim.o.lines - 4))
  return {
    relative = "editor",
    row = vim.o.lines - height - 4,
    col = vim.o.columns - width - 2,
    width = width,
    height = height,
    style = "minimal",
    border = "rounded",
  }
end

---@param buffer integer
local function show(buffer)
  if is_open() then
    vim.api.nvim_win_set_buf(window, buffer)
    return
  end
  local view = options.current.view
  -- What the user reads stays where it is.
  local kept = vim.o.splitkeep
  vim.o.splitkeep = "screen"
  if view.kind == "float" then
    window = vim.api.nvim_open_win(buffer, false, float_config(view.size))
  elseif view.kind == "vsplit" then
    window = vim.api.nvim_open_win(buffer, false, { split = "right", win = -1, width = math.max(view.size, 60) })
  else
    window = vim.api.nvim_open_win(buffer, false, { split = "below", win = -1, height = view.size })
  end
  vim.o.splitkeep = kept
  dress()
end

--- Whether a task's answer can be seen.
---@param id string
function M.shows(id)
  local buffer = buffers[id]
  return buffer ~= nil and vim.api.nvim_buf_is_valid(buffer) and vim.fn.bufwinid(buffer) ~= -1
end

--- Show a task that has started; the cursor stays where it is.
---@param task rolecall.Task
function M.open(task)
  if options.current.view.kind == "none" then
    return
  end
  for id, buffer in pairs(buffers) do
    local other = require("rolecall.tasks").get(id)
    if not M.shows(id) and not (other and other.status == "running") then
      buffers[id] = nil
      pcall(vim.api.nvim_buf_delete, buffer, { force = true })
    end
  end
  buffers[task.id] = new_buffer("rolecall://" .. task.id, "markdown")
  show(buffers[task.id])
  M.refresh(task)
end

local function write(buffer, first, last, lines)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, first, last, false, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = false
end

--- Scroll to the end, unless the user reads further up.
local function follow(buffer, former_last)
  for _, shown in ipairs(vim.fn.win_findbuf(buffer)) do
    if vim.api.nvim_win_get_cursor(shown)[1] >= former_last then
      vim.api.nvim_win_set_cursor(shown, { vim.api.nvim_buf_line_count(buffer), 0 })
    end
  end
end

local function flush()
  scheduled = false
  for id, texts in pairs(waiting) do
    local buffer = buffers[id]
    if buffer and vim.api.nvim_buf_is_valid(buffer) then
      local last = vim.api.nvim_buf_line_count(buffer)
      local line = vim.api.nvim_buf_get_lines(buffer, last - 1, last, false)[1]
      write(buffer, last - 1, last, vim.split(line .. table.concat(texts), "\n", { plain = true }))
      follow(buffer, last)
    end
  end
  waiting = {}
end

--- Add text to a task's answer. Texts that come at once are written at once.
---@param task rolecall.Task
---@param text string
function M.append(task, text)
  waiting[task.id] = waiting[task.id] or {}
  table.insert(waiting[task.id], text)
  if not scheduled then
    scheduled = true
    vim.schedule(flush)
  end
end

--- What was shown so far is void.
---@param task rolecall.Task
function M.clear(task)
  waiting[task.id] = nil
  local buffer = buffers[task.id]
  if buffer and vim.api.nvim_buf_is_valid(buffer) then
    write(buffer, 0, -1, { "" })
  end
end

--- Show what came of a task where nothing streamed: its summary, or its error.
---@param task rolecall.Task
function M.finish(task)
  local said = task.characters > 0 and "" or task.result.summary
  local failure = task.result.error
  if type(failure) == "table" then
    said = ("%s\n\n%s %s"):format(said, failure.message, failure.hint)
  end
  if said ~= "" then
    M.append(task, said)
  end
end

--- Bring the window's title and the status lines up to date.
---@param task rolecall.Task
function M.refresh(task)
  if is_open() and vim.api.nvim_win_get_buf(window) == buffers[task.id] then
    local title = " " .. require("rolecall.statusline").describe(task)
    if options.current.view.kind == "float" then
      vim.api.nvim_win_set_config(window, { title = title .. " " })
    else
      -- `%` is special in a bar.
      vim.wo[window].winbar = title:gsub("%%", "%%%%")
    end
  end
  vim.cmd.redrawstatus({ bang = true })
end

--- Show a text to read in the window, and go there.
---@param name string
---@param text string
---@param filetype string
function M.read(name, text, filetype)
  local known = vim.fn.bufnr("^" .. vim.fn.escape(name, "[]*?\\") .. "$")
  if known ~= -1 then
    vim.api.nvim_buf_delete(known, { force = true })
  end
  local buffer = new_buffer(name, filetype)
  write(buffer, 0, -1, vim.split(text, "\n", { plain = true }))
  vim.cmd.split()
  vim.api.nvim_win_set_buf(0, buffer)
end

return M
