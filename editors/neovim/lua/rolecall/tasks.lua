--- The tasks this Neovim started, as the server's `rolecall/event` tells of them.
local M = {}

---@class rolecall.Task
---@field id string
---@field role string
---@field task string?
---@field status string of the result object; `running` until there is one
---@field characters integer that have streamed so far
---@field note string what else is going on
---@field result table?

---@type rolecall.Task[] in the order in which they started
M.all = {}

local KEPT = 50

---@param id string
---@return rolecall.Task?
function M.get(id)
  for _, task in ipairs(M.all) do
    if task.id == id then
      return task
    end
  end
end

--- The newest task for which something holds.
---@param holds? fun(task: rolecall.Task): boolean
---@return rolecall.Task?
function M.newest(holds)
  for index = #M.all, 1, -1 do
    if not holds or holds(M.all[index]) then
      return M.all[index]
    end
  end
end

---@param task rolecall.Task
function M.is_running(task)
  return task.status == "running"
end

--- Whether a task has proposed files that were not applied.
---@param task rolecall.Task
function M.has_proposal(task)
  return task.result ~= nil and #task.result.files > 0 and not task.result.applied
end

--- Take the result object of a command: what is known of its task is brought up to date.
---@param result table
function M.update(result)
  local task = M.get(result.task_id)
  if task then
    task.status, task.result = result.status, result
    require("rolecall.view").refresh(task)
  end
end

local take = {}

function take.attempt(task, event)
  if event.n > 1 or type(event.reason) == "string" then
    local why = type(event.reason) == "string" and (": " .. event.reason) or ""
    task.note = ("attempt %d of %d%s"):format(event.n, event.of, why)
  end
end

function take.restart(task)
  task.characters = 0
  require("rolecall.view").clear(task)
end

function take.delta(task, event)
  task.characters, task.note = task.characters + #event.text, ""
  require("rolecall.view").append(task, event.text)
end

function take.file(task, event)
  task.note = event.path .. " is complete"
end

function take.result(task, event)
  task.note, task.status, task.result = "", event.result.status, event.result
  require("rolecall.view").finish(task)
end

function take.error(task, event)
  task.note = event.error.message
end

--- Take one event, and tell others of it by the autocommand `User RolecallEvent`.
---@param event table
function M.take(event)
  local task = M.get(event.task_id)
  if event.type == "started" and not task then
    task = {
      id = event.task_id,
      role = event.role,
      task = type(event.task) == "string" and event.task or nil,
      status = "running",
      characters = 0,
      note = "waiting for the model",
    }
    table.insert(M.all, task)
    if #M.all > KEPT then
      table.remove(M.all, 1)
    end
    require("rolecall.view").open(task)
  end
  if task and take[event.type] then
    take[event.type](task, event)
    require("rolecall.view").refresh(task)
  end
  vim.api.nvim_exec_autocmds("User", { pattern = "RolecallEvent", data = event, modeline = false })
end

return M
