--- Running a role, and what can be done with its task.
local client = require("rolecall.client")
local options = require("rolecall.options")
local tasks = require("rolecall.tasks")
local view = require("rolecall.view")

local M = {}

---@class rolecall.Run
---@field role string
---@field task? string
---@field instruction? string
---@field range? integer[] first and last line, from 1; the whole file without
---@field buffer? integer 0, the current one, by default
---@field apply? "ask"|"auto"|"never"
---@field on_result? fun(result: table)

--- The diagnostics in some lines, as the server takes them.
local function diagnostics_in(buffer, range)
  local found = {}
  for _, one in ipairs(range and vim.diagnostic.get(buffer) or {}) do
    if one.lnum < range[2] and (one.end_lnum or one.lnum) >= range[1] - 1 then
      table.insert(found, {
        range = {
          start = { line = one.lnum, character = one.col },
          ["end"] = { line = one.end_lnum or one.lnum, character = math.max(one.end_col or one.col, one.col) },
        },
        message = one.message,
        severity = one.severity,
        source = one.source,
        code = one.code,
      })
    end
  end
  return found
end

local function attached(buffer)
  local found = client.get(buffer)
  if not found then
    client.attach(buffer)
    found = client.get(buffer)
  end
  return found
end

--- Ask a role. The answer streams into the view; its edits come as any language server's do.
---@param run rolecall.Run
function M.run(run)
  local buffer = run.buffer and run.buffer ~= 0 and run.buffer or vim.api.nvim_get_current_buf()
  local server = attached(buffer)
  if not server then
    return client.tell("this buffer is no file it could work on. See :checkhealth rolecall.", vim.log.levels.ERROR)
  end
  local found = diagnostics_in(buffer, run.range)
  client.execute(server, "rolecall.run", {
    role = run.role,
    task = run.task,
    instruction = run.instruction ~= "" and run.instruction or nil,
    uri = vim.uri_from_bufnr(buffer),
    range = run.range and {
      start = { line = run.range[1] - 1, character = 0 },
      ["end"] = { line = run.range[2], character = 0 },
    },
    version = run.range and vim.lsp.util.buf_versions[buffer],
    diagnostics = #found > 0 and found or nil,
    apply = run.apply,
  }, run.on_result)
end

--- Choose a role and one of its tasks, then run it.
---@param range integer[]?
function M.pick(range)
  local function title(one)
    return one.title
  end
  vim.ui.select(require("rolecall.roles").all(), { prompt = "Role", format_item = title }, function(role)
    if role then
      vim.ui.select(role.tasks, { prompt = role.title, format_item = title }, function(task)
        if task then
          M.run({ role = role.id, task = task.id, range = range })
        end
      end)
    end
  end)
end

--- Execute a command about a task, then say what came of it.
local function about(id, command, done)
  local server = client.get()
  if not server then
    return client.tell("no server is running.", vim.log.levels.ERROR)
  end
  client.execute(server, "rolecall." .. command, { task_id = id }, function(result)
    tasks.update(result)
    done(result)
  end)
end

local function paths(result)
  return table.concat(
    vim.tbl_map(function(file)
      return file.path
    end, result.files),
    ", "
  )
end

---@param id string
function M.cancel(id)
  about(id, "cancel", function(result)
    client.tell(result.role .. " is " .. result.status .. ".")
  end)
end

---@param id string
function M.apply(id)
  about(id, "apply", function(result)
    if result.applied then
      client.tell("changed " .. paths(result) .. ".")
    end
  end)
end

---@param id string
function M.discard(id)
  about(id, "discard", function(result)
    client.tell("discarded " .. paths(result) .. ".")
  end)
end

---@param id string
function M.revert(id)
  about(id, "revert", function(result)
    if not result.applied then
      client.tell("took back " .. paths(result) .. ".")
    end
  end)
end

---@param id string
function M.result(id)
  about(id, "result", function(result)
    local answer = type(result.answer) == "string" and result.answer or result.summary
    view.read("rolecall://" .. id .. "/answer", answer, "markdown")
  end)
end

---@param id string
function M.diff(id)
  about(id, "result", function(result)
    local diffs = {}
    for _, file in ipairs(result.files) do
      table.insert(diffs, type(file.diff) == "string" and file.diff or "")
    end
    view.read("rolecall://" .. id .. "/diff", table.concat(diffs), "diff")
  end)
end

--- List the workspace's tasks; the one chosen is shown.
function M.tasks()
  local server = client.get()
  if not server then
    return client.tell("no server is running.", vim.log.levels.ERROR)
  end
  client.execute(server, "rolecall.tasks", {}, function(list)
    vim.ui.select(list, {
      prompt = "Task",
      format_item = function(result)
        local work = type(result.task) == "string" and result.task or "instruction"
        return ("%s · %s · %s · %s"):format(result.role, work, result.status, paths(result))
      end,
    }, function(result)
      if result then
        M.result(result.task_id)
      end
    end)
  end)
end

--- Open the log: the shared process's, else Neovim's own of its language clients.
function M.log()
  local started, process = pcall(vim.system, options.command_line("daemon", "status", "--format", "json"), { text = true })
  local done = started and process:wait(5000) or { code = -1 }
  local read, status = pcall(vim.json.decode, done.code == 0 and done.stdout or "")
  local path = read and type(status.log) == "string" and status.log or vim.lsp.get_log_path()
  vim.cmd.split(vim.fn.fnameescape(path))
end

return M
